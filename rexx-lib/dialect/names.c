/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/memory.h"

#define ROOM_MIN 64

/* Letters are the same in any case; nothing else of a symbol is. */
static size_t hash(const char *at, size_t length)
{
    size_t value = length;
    for (size_t i = 0; i < length; i++)
        value = value * 31 + ((unsigned char)at[i] | 0x20);
    return value ^ value >> 15;
}

static bool same(const struct aq_name *name, const char *at, size_t length)
{
    return name->length == length &&
           (memcmp(name->at, at, length) == 0 || strncasecmp(name->at, at, length) == 0);
}

/* Its slot, or the empty one where it would go. There is always an empty one. */
static struct aq_name *find(const struct aq_names *names, const char *at, size_t length)
{
    size_t mask = names->room - 1, i = hash(at, length) & mask;
    while (names->slots[i].at != NULL && !same(&names->slots[i], at, length))
        i = (i + 1) & mask;
    return &names->slots[i];
}

static void grow(struct aq_names *names)
{
    struct aq_names larger = {.room = names->room > 0 ? names->room * 2 : ROOM_MIN};
    larger.slots = aq_alloc(larger.room * sizeof *larger.slots);
    for (size_t i = 0; i < names->room; i++)
        if (names->slots[i].at != NULL) {
            *find(&larger, names->slots[i].at, names->slots[i].length) = names->slots[i];
            larger.count++;
        }
    free(names->slots);
    *names = larger;
}

void aq_names_add(struct aq_names *names, const char *at, size_t length, unsigned flags)
{
    if (names->count * 2 >= names->room)
        grow(names);
    struct aq_name *name = find(names, at, length);
    if (name->at == NULL) {
        *name = (struct aq_name){at, (unsigned)length, 0};
        names->count++;
    }
    name->flags |= flags;
}

unsigned aq_names_flags(const struct aq_names *names, const char *at, size_t length)
{
    return names->room > 0 ? find(names, at, length)->flags : 0;
}

void aq_names_free(struct aq_names *names)
{
    free(names->slots);
    *names = (struct aq_names){0};
}

/* Of Regina 3.6 and 3.9, with those that OPTIONS can add. */
static const char *const builtins[] = {
    "ABBREV",       "ABS",         "ADDRESS",   "ARG",       "B2C",       "B2X",       "BEEP",
    "BITAND",       "BITCHG",      "BITCLR",    "BITCOMP",   "BITOR",     "BITSET",    "BITTST",
    "BITXOR",       "BUFTYPE",     "C2B",       "C2D",       "C2X",       "CD",        "CENTER",
    "CENTRE",       "CHANGESTR",   "CHARIN",    "CHAROUT",   "CHARS",     "CHDIR",     "CLOSE",
    "COMPARE",      "COMPRESS",    "CONDITION", "COPIES",    "COUNTSTR",  "CRYPT",     "D2C",
    "D2X",          "DATATYPE",    "DATE",      "DELSTR",    "DELWORD",   "DESBUF",    "DIGITS",
    "DIRECTORY",    "DROPBUF",     "EOF",       "ERRORTEXT", "EXISTS",    "EXPORT",    "FILESPEC",
    "FIND",         "FORK",        "FORM",      "FORMAT",    "FREESPACE", "FUZZ",      "GETCALLSTACK",
    "GETENV",       "GETPID",      "GETSPACE",  "GETTID",    "HASH",      "IMPORT",    "INDEX",
    "INSERT",       "JUSTIFY",     "LASTPOS",   "LEFT",      "LENGTH",    "LINEIN",    "LINEOUT",
    "LINES",        "LOWER",       "MAKEBUF",   "MAX",       "MIN",       "OPEN",      "OVERLAY",
    "POOLID",       "POPEN",       "POS",       "PUTENV",    "QUALIFY",   "QUEUED",    "RANDOM",
    "RANDU",        "READCH",      "READLN",    "REVERSE",   "RIGHT",     "RXFUNCADD", "RXFUNCDROP",
    "RXFUNCERRMSG", "RXFUNCQUERY", "RXQUEUE",   "SEEK",      "SHOW",      "SIGN",      "SLEEP",
    "SOURCELINE",   "SPACE",       "STATE",     "STORAGE",   "STREAM",    "STRIP",     "SUBSTR",
    "SUBWORD",      "SYMBOL",      "TIME",      "TRACE",     "TRANSLATE", "TRIM",      "TRUNC",
    "UNAME",        "UNIXERROR",   "UPPER",     "USERID",    "VALUE",     "VERIFY",    "WORD",
    "WORDINDEX",    "WORDLENGTH",  "WORDPOS",   "WORDS",     "WRITECH",   "WRITELN",   "X2B",
    "X2C",          "X2D",         "XRANGE",
};

bool aq_is_builtin(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (strlen(builtins[i]) == length && strncasecmp(builtins[i], name, length) == 0)
            return true;
    return false;
}
