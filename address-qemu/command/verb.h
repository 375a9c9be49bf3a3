/* SPDX-License-Identifier: MIT */
/*
 * What a verb is. One descriptor, at the top of the verb's file in verbs/, holds everything that can be said
 * about it: checking, help, the reference page and the manual come from it. verbs/verbs.h lists the verbs;
 * nothing else does.
 *
 *     static const struct aq_param params[] = {
 *         {"base", AQ_TYPE_NAME, .required = true, .meaning = "the base to clone"},
 *         {"memory", AQ_TYPE_SIZE, .meaning = "RAM; the base's unless given"},
 *         {NULL},
 *     };
 *     const struct aq_verb aq_verb_clone = {.name = "clone", .params = params, .run = run, …};
 */
#ifndef AQ_COMMAND_VERB_H
#define AQ_COMMAND_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address-qemu/address-qemu.h"
#include "command/result.h"
#include "util/error.h"
#include "util/memory.h"

/* The type of a parameter: how its text is checked, and what its number counts. */
enum aq_type {
    AQ_TYPE_TEXT,         /* anything, NUL excepted */
    AQ_TYPE_BYTES,        /* anything; read it with aq_arg_bytes */
    AQ_TYPE_NAME,         /* of a base or VM: [A-Za-z0-9][A-Za-z0-9._-]{0,62} */
    AQ_TYPE_SIZE,         /* 512M, 2G, 1.5G; a bare number is MiB. Counts bytes. */
    AQ_TYPE_COUNT,        /* a whole number */
    AQ_TYPE_DURATION,     /* 300 is seconds; 90s, 5m, 2h, 500ms. Counts milliseconds. */
    AQ_TYPE_MILLISECONDS, /* the same, but a bare number is milliseconds, as in the original's verb */
    AQ_TYPE_PORT,         /* 1…65535 */
    AQ_TYPE_BOOLEAN,      /* true/false, yes/no, on/off, 1/0; a bare word is true */
    AQ_TYPE_PATH,         /* of the host; not empty; ~/ is the home folder */
    AQ_TYPE_GUEST_PATH,   /* of the guest; absolute */
    AQ_TYPE_MODE,         /* octal permission bits: 644, 0755 */
    AQ_TYPE_URL,          /* https, http or file; the audit log has it without password and query */
    AQ_TYPE_CHECKSUM,     /* sha256: and 64 digits. Read it with aq_arg_text: the digits alone, lower case */
    AQ_TYPE_CHOICE,       /* one of `choices` */
};

/* Which rule of the policy (policy/policy.h) says where what it names may come from. */
enum aq_source { AQ_SOURCE_ANYWHERE, AQ_SOURCE_DISK, AQ_SOURCE_SCRIPT };

/* A parameter. A list of them ends with one whose name is NULL. */
struct aq_param {
    const char *name;
    enum aq_type type;
    bool required;
    bool positional;       /* takes a bare word that is no key: help VERB */
    bool repeatable;       /* may be given several times: env=A=1 env=B=2 */
    bool secret;           /* may hold a password: the audit log has it masked */
    enum aq_source source; /* of a path or URL */
    const char *aliases;   /* other names, separated by spaces: "vm id" */
    const char *fallback;  /* the default, as a user would write it */
    const char *choices;   /* "debian|micro" */
    int64_t min, max;      /* of the number; 0, 0: no bounds but the type's own */
    const char *meaning;   /* a few words; lower case, no full stop */
};

/* A field (or a table's column: "BASES.n.NAME") that the verb sets, without the QEMU_ prefix. */
struct aq_field {
    const char *name;
    const char *meaning;
};

struct aq_call;

struct aq_verb {
    const char *name;
    const char *aliases; /* separated by spaces; NULL: none */
    const char *group;   /* its heading in help and reference: "Bases", "VMs", "Networks", "Guests", "Host" */
    const char *summary; /* one line, as an instruction: "Make a copy-on-write VM from a base" */
    const char *details; /* a few sentences of Markdown; NULL: none */
    const struct aq_param *params;
    const struct aq_field *sets; /* ends with a NULL name; NULL: none of its own */
    const char *example;
    bool read_only; /* changes and enters nothing, so that the audit log does not need it */
    bool traceless; /* does not even look at anything: it is never in the audit log */
    /* Does it. 0, or -1 with err. What it has set in the result stays there on failure too. */
    int (*run)(struct aq_call *call, struct aq_error *err);
};

/* One command under way: a verb with checked parameters. */
struct aq_call {
    aq_session *session;
    const struct aq_verb *verb;
    const struct aq_callbacks *callbacks;
    aq_result *result;
    struct aq_argument *arguments; /* of command/arguments.h */
    size_t argument_count;
};

/* Was it given (a default does not count)? */
bool aq_arg_given(const struct aq_call *call, const char *name);

/* Its text, or its default's; NULL when there is neither. Valid for the call. Asking for a parameter that the
   verb does not have is a mistake in the verb and ends the process. */
const char *aq_arg_text(const struct aq_call *call, const char *name);

/* The same with its length, for text that may hold any bytes. */
const char *aq_arg_bytes(const struct aq_call *call, const char *name, size_t *length);

/* Its number in the type's unit (bytes, milliseconds, …); 0 when there is neither it nor a default. */
int64_t aq_arg_number(const struct aq_call *call, const char *name);
bool aq_arg_bool(const struct aq_call *call, const char *name);

/* The nth value (from 0) of a repeatable one; NULL past the last. */
const char *aq_arg_nth(const struct aq_call *call, const char *name, size_t n);

/* A line for a human about long work that is under way; shown only where somebody looks. */
void aq_progress(const struct aq_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes of a guest's command as they come. */
void aq_stream_output(const struct aq_call *call, enum aq_stream stream, const char *bytes, size_t length);

/* All verbs, in the order of verbs/verbs.h. */
extern const struct aq_verb *const aq_verbs[];
extern const size_t aq_verb_count;

/* By name or alias, any case; NULL. */
const struct aq_verb *aq_verb_find(const char *name);

/* Adds the names of all verbs, for telling which one was meant. */
void aq_verb_names(struct aq_strings *names);

/* A parameter by name or alias, any case; NULL. */
const struct aq_param *aq_param_find(const struct aq_verb *verb, const char *name);

/* Is `word` among the space-separated `words` (any case)? */
bool aq_word_in(const char *words, const char *word);

#endif
