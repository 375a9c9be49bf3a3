/* SPDX-License-Identifier: MIT */
/* The types of values: what they are called, what is wanted, and what is taken. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spec/schema.h"
#include "util/names.h"
#include "util/url.h"

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

static bool has_controls(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static bool is_digest(const char *text, size_t length)
{
    return length == AQ_SHA256_TEXT - 1 && strspn(text, DIGITS "abcdef") == length;
}

static char *plain_any(const char *text, const char **wanted)
{
    (void)wanted;
    return aq_strdup(text);
}

static char *plain_base(const char *text, const char **wanted)
{
    (void)wanted;
    bool layer = strncmp(text, "sha256:", 7) == 0 && is_digest(text + 7, strlen(text + 7));
    return layer || aq_name_valid(text) ? aq_strdup(text) : NULL;
}

/* Folders that the guest's kernel fills: what is put there in its disk would not be seen. */
static bool is_kernels(const char *path)
{
    static const char *const folders[] = {"/dev/", "/proc/", "/sys/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

/* Adds the parts of a path without doubled slashes and ".": what else was wanted, or NULL. */
static const char *add_parts(const char *text, struct aq_buffer *plain)
{
    while (*text != '\0') {
        const char *part = ++text;
        size_t length = strcspn(part, "/");
        text += length;
        if (length == 0 || (length == 1 && part[0] == '.'))
            continue;
        if (length == 2 && strncmp(part, "..", 2) == 0)
            return "a path without \"..\"";
        if (length > NAME_MAX)
            return "a path of names of at most 255 bytes";
        aq_buffer_add_char(plain, '/');
        aq_buffer_add(plain, part, length);
    }
    return NULL;
}

static char *plain_guest_path(const char *text, const char **wanted)
{
    aq_autobuffer struct aq_buffer plain = {0};
    if (text[0] != '/')
        return NULL;
    const char *otherwise =
        has_controls(text) ? "a path without control characters" : add_parts(text, &plain);
    if (plain.length == 0 || text[strlen(text) - 1] == '/')
        aq_buffer_add_char(&plain, '/');
    if (otherwise == NULL && plain.length >= PATH_MAX)
        otherwise = "a path of at most 4095 bytes";
    if (otherwise == NULL && is_kernels(plain.data))
        otherwise = "a path outside of /dev, /proc and /sys, which the guest's kernel fills";
    if (otherwise == NULL)
        return aq_steal_ptr(&plain.data);
    *wanted = otherwise;
    return NULL;
}

static char *plain_host_path(const char *text, const char **wanted)
{
    (void)wanted;
    return text[0] != '\0' && strlen(text) < PATH_MAX ? aq_strdup(text) : NULL;
}

static char *plain_url(const char *text, const char **wanted)
{
    (void)wanted;
    return aq_url_valid(text, false) ? aq_strdup(text) : NULL;
}

static char *plain_checksum(const char *text, const char **wanted)
{
    (void)wanted;
    if (strncasecmp(text, "sha256:", 7) != 0)
        return NULL;
    aq_autofree char *digits = aq_strdup(text + 7);
    size_t count = strspn(digits, DIGITS "abcdefABCDEF");
    bool whole = count == AQ_SHA256_TEXT - 1 && digits[count] == '\0';
    bool cut = count > 0 && count < AQ_SHA256_TEXT - 1 && strcmp(digits + count, "...") == 0;
    for (size_t i = 0; i < count; i++)
        digits[i] |= 0x20; /* lower case; digits have the bit already */
    return whole || cut ? aq_steal_ptr(&digits) : NULL;
}

static char *plain_account(const char *text, const char **wanted)
{
    (void)wanted;
    size_t length = strlen(text);
    char *end;
    if (length > 0 && strspn(text, DIGITS) == length)
        return length <= 10 && strtoull(text, &end, 10) < UINT32_MAX ? aq_strdup(text) : NULL;
    size_t named = strspn(text, LETTERS DIGITS ".-");
    bool whole = named == length || (named == length - 1 && text[named] == '$'); /* Samba's machines */
    return named > 0 && whole && length <= 32 && strchr(DIGITS ".-", text[0]) == NULL ? aq_strdup(text)
                                                                                      : NULL;
}

static char *plain_variable(const char *text, const char **wanted)
{
    (void)wanted;
    size_t length = strspn(text, LETTERS DIGITS);
    return length > 0 && length <= 128 && text[length] == '\0' && strchr(DIGITS, text[0]) == NULL
               ? aq_strdup(text)
               : NULL;
}

static char *plain_secret(const char *text, const char **wanted)
{
    (void)wanted;
    return aq_name_valid(text) ? aq_strdup(text) : NULL;
}

static char *plain_glob(const char *text, const char **wanted)
{
    (void)wanted;
    return text[0] != '\0' && text[0] != '!' && strlen(text) < PATH_MAX && strcmp(text, "/") != 0
               ? aq_strdup(text)
               : NULL;
}

static char *plain_link(const char *text, const char **wanted)
{
    (void)wanted;
    return text[0] != '\0' && strlen(text) < PATH_MAX ? aq_strdup(text) : NULL;
}

static const struct {
    const char *name;
    const char *wanted;
    /* A text in its plain form, or NULL; then *wanted may be a closer word than `wanted`. NULL: no text. */
    char *(*plain)(const char *text, const char **wanted);
} types[] = {
    [AQ_SCHEMA_TEXT] = {"text", "text", plain_any},
    [AQ_SCHEMA_BASE] = {"base", "a base's name, or sha256: and the 64 digits of a layer", plain_base},
    [AQ_SCHEMA_GUEST_PATH] = {"guest path", "an absolute path in the guest", plain_guest_path},
    [AQ_SCHEMA_HOST_PATH] = {"host path", "a path on the host", plain_host_path},
    [AQ_SCHEMA_URL] = {"URL", "an https:// or http:// URL", plain_url},
    [AQ_SCHEMA_CHECKSUM] = {"checksum", "sha256: and 64 hexadecimal digits", plain_checksum},
    [AQ_SCHEMA_LINK] = {"link target", "where the link leads", plain_link},
    [AQ_SCHEMA_ACCOUNT] = {"account", "a name or number of the guest", plain_account},
    [AQ_SCHEMA_VARIABLE] = {"variable", "a name of letters, digits and \"_\" that begins with no digit",
                            plain_variable},
    [AQ_SCHEMA_SECRET] = {"secret",
                          "a name of at most 63 letters, digits, '.', '_' and '-' that begins with a letter "
                          "or digit",
                          plain_secret},
    [AQ_SCHEMA_GLOB] = {"glob", "a glob such as *.tmp or build/**, without a leading \"!\"", plain_glob},
    [AQ_SCHEMA_MODE] = {"mode", "octal permissions such as \"0644\"", NULL},
    [AQ_SCHEMA_DURATION] = {"duration", "a duration such as 300 (seconds), 90s or 5m, more than none", NULL},
    [AQ_SCHEMA_BOOLEAN] = {"boolean", "true or false", NULL},
    [AQ_SCHEMA_TRUE] = {"true", "true", NULL},
    [AQ_SCHEMA_CHOICE] = {NULL, NULL, NULL},
    [AQ_SCHEMA_LIST] = {"list", "a list", NULL},
    [AQ_SCHEMA_NAMED] = {"mapping of names to values", "a mapping of names to values", NULL},
    [AQ_SCHEMA_SECTION] = {"mapping", "a mapping", NULL},
    [AQ_SCHEMA_SECTIONS] = {"list of mappings", "a list of mappings", NULL},
    [AQ_SCHEMA_SECTION_MAP] = {"mapping of mappings", "a mapping of mappings", NULL},
};

const char *aq_schema_type_name(const struct aq_schema_key *key)
{
    return key->type == AQ_SCHEMA_CHOICE ? key->choices : types[key->type].name;
}

const char *aq_schema_type_wanted(enum aq_schema_type type)
{
    return types[type].wanted;
}

char *aq_schema_plain(enum aq_schema_type type, const char *text, const char **wanted)
{
    *wanted = types[type].wanted;
    return types[type].plain(text, wanted);
}

int aq_schema_mode(const char *text)
{
    size_t length = strlen(text);
    bool octal = length >= 3 && length <= 5 && strspn(text, "01234567") == length;
    long mode = octal ? strtol(text, NULL, 8) : -1;
    return mode <= 07777 ? (int)mode : -1;
}
