/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <string.h>
#include <strings.h>

/* A symbol, where it stands in the text; {NULL, 0} for none. */
struct symbol {
    const char *at;
    size_t length;
};

struct scanner {
    const char *at, *end;
    const char *copied; /* up to here the text is in `out` */
    bool clause_start;  /* the next token is the first of a clause */
    bool continued;     /* the last token was a comma: a line end does not end the clause */
    struct symbol last; /* the symbol before this token, if it was one */
    struct aq_buffer *out;
    struct aq_source_traits *traits;
};

static bool is_symbol_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._!?@#$", c) != NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_word(struct symbol symbol, const char *word)
{
    return symbol.length == strlen(word) && strncasecmp(symbol.at, word, symbol.length) == 0;
}

static bool starts(const char *at, const char *end, const char *with)
{
    return (size_t)(end - at) >= strlen(with) && memcmp(at, with, strlen(with)) == 0;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static const char *skip_line(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline != NULL ? newline : end;
}

/* Behind a comment; they nest. NULL for one that is never closed, which Regina has to report. */
static const char *skip_comment(const char *at, const char *end)
{
    int depth = 0;
    do {
        if (at >= end)
            return NULL;
        int change = starts(at, end, "/*") ? 1 : starts(at, end, "*/") ? -1 : 0;
        depth += change;
        at += change != 0 ? 2 : 1;
    } while (depth > 0);
    return at;
}

/* At a quote: behind the closing one, or at the line's end where there is none (Regina reports that). */
static const char *skip_string(const char *at, const char *end)
{
    char quote = *at++;
    for (; at < end && *at != '\n'; at++)
        if (*at == quote && ++at < end && *at != quote)
            return at;
        else if (at == end)
            return end;
    return at;
}

static struct symbol take_symbol(const char *at, const char *end)
{
    struct symbol symbol = {at, 0};
    while (at + symbol.length < end && is_symbol_char(at[symbol.length]))
        symbol.length++;
    return symbol;
}

static bool ends_clause(const char *at, const char *end)
{
    return at == end || *at == '\n' || *at == ';' || starts(at, end, "/*") || starts(at, end, "--");
}

/* Behind the word REQUIRE at a clause's start: if a module and perhaps AS NAME follow and nothing else,
   writes the CALL and returns where the clause ends; else NULL, and it is a plain REXX clause. */
static const char *rewrite_require(struct scanner *scanner, const char *word)
{
    const char *end = scanner->end;
    const char *module = skip_blanks(word + strlen("REQUIRE"), end);
    if (module == end || (*module != '"' && *module != '\''))
        return NULL;
    const char *behind = skip_string(module, end);
    if (behind[-1] != *module || (behind < end && is_symbol_char(*behind)))
        return NULL;

    const char *stop = behind;
    const char *at = skip_blanks(behind, end);
    struct symbol name = {NULL, 0}, as = take_symbol(at, end);
    if (is_word(as, "AS")) {
        name = take_symbol(skip_blanks(as.at + as.length, end), end);
        if (name.length == 0)
            return NULL;
        stop = name.at + name.length;
        at = skip_blanks(stop, end);
    }
    if (!ends_clause(at, end))
        return NULL;

    aq_buffer_add(scanner->out, scanner->copied, (size_t)(word - scanner->copied));
    aq_buffer_add_text(scanner->out, "CALL \"" AQ_REQUIRE_ROUTINE "\" ");
    aq_buffer_add(scanner->out, module, (size_t)(behind - module));
    if (name.length > 0)
        aq_buffer_format(scanner->out, ", \"%.*s\"", (int)name.length, name.at);
    scanner->copied = stop;
    scanner->traits->requires = true;
    return stop;
}

static void scan_symbol(struct scanner *scanner)
{
    struct symbol symbol = take_symbol(scanner->at, scanner->end);
    bool first = scanner->clause_start;
    scanner->at += symbol.length;
    scanner->clause_start = false;

    if (is_word(symbol, "TRACE"))
        scanner->traits->mentions_trace = true;
    if (is_word(symbol, "ERROR") && is_word(scanner->last, "ON"))
        scanner->traits->traps_errors = true;
    if (is_word(symbol, "THEN") || (first && (is_word(symbol, "ELSE") || is_word(symbol, "OTHERWISE"))))
        scanner->clause_start = true;
    if (first && is_word(symbol, "REQUIRE")) {
        const char *behind = rewrite_require(scanner, symbol.at);
        if (behind != NULL)
            scanner->at = behind;
    }
    const char *next = skip_blanks(scanner->at, scanner->end);
    if (first && next < scanner->end && *next == ':') { /* a label: the clause is still to come */
        scanner->at = next + 1;
        scanner->clause_start = true;
    }
    scanner->last = symbol;
}

static void scan_newline(struct scanner *scanner)
{
    scanner->at++;
    if (!scanner->continued) {
        scanner->clause_start = true;
        scanner->last = (struct symbol){NULL, 0};
    }
    scanner->continued = false;
}

static void scan_comment(struct scanner *scanner)
{
    scanner->at = skip_comment(scanner->at, scanner->end);
    if (scanner->at != NULL)
        return;
    scanner->at = scanner->end;
    scanner->traits->has_clauses = true;
}

static void scan_other(struct scanner *scanner)
{
    char c = *scanner->at;
    scanner->clause_start = c == ';';
    scanner->continued = c == ',';
    scanner->last = (struct symbol){NULL, 0};
    scanner->at = c == '"' || c == '\'' ? skip_string(scanner->at, scanner->end) : scanner->at + 1;
    bool dos_end = c == '\x1a' && scanner->at == scanner->end;
    if (c != ';' && c != ',' && !dos_end)
        scanner->traits->has_clauses = true;
}

static void scan_token(struct scanner *scanner)
{
    char c = *scanner->at;
    if (is_blank(c))
        scanner->at++;
    else if (c == '\n')
        scan_newline(scanner);
    else if (starts(scanner->at, scanner->end, "/*"))
        scan_comment(scanner);
    else if (starts(scanner->at, scanner->end, "--"))
        scanner->at = skip_line(scanner->at, scanner->end);
    else if (is_symbol_char(c)) {
        scanner->traits->has_clauses = true;
        scanner->continued = false;
        scan_symbol(scanner);
    } else
        scan_other(scanner);
}

void aq_source_prepare(const char *text, size_t length, struct aq_buffer *out,
                       struct aq_source_traits *traits)
{
    *traits = (struct aq_source_traits){0};
    struct scanner scanner = {
        .at = text, .end = text + length, .copied = text, .clause_start = true, .out = out, .traits = traits};
    if (starts(text, scanner.end, "#!"))
        scanner.at = skip_line(text, scanner.end);
    while (scanner.at < scanner.end)
        scan_token(&scanner);
    aq_buffer_add(out, scanner.copied, (size_t)(scanner.end - scanner.copied));
}
