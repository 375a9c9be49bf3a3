/* SPDX-License-Identifier: MIT */
/**
 * @file
 * ADDRESS QEMU: virtual machines from commands such as `clone base=debian name=web`.
 *
 * Plain C, without any REXX: open a session, run a command, read what came of it.
 *
 *     aq_session *session = aq_session_open(NULL);
 *     aq_result *result = aq_run(session, "list_bases", AQ_WHOLE);
 *     if (aq_result_rc(result) != 0)
 *         fprintf(stderr, "%s\n", aq_result_error(result));
 *     for (size_t row = 0; row < aq_result_row_count(result, 0); row++)
 *         puts(aq_result_cell(result, 0, row, "NAME", NULL));
 *     aq_result_free(result);
 *     aq_session_close(session);
 *
 * The command language, verbs, fields and codes are in docs/reference.md. A session is used by one thread at
 * a time; several sessions, in one process or many, may work on one store at once. All state is on disk.
 */
#ifndef ADDRESS_QEMU_H
#define ADDRESS_QEMU_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AQ_API __attribute__((visibility("default")))

typedef struct aq_session aq_session;
typedef struct aq_result aq_result;

/** Where a running command's output comes from. */
enum aq_stream { AQ_STREAM_STDOUT, AQ_STREAM_STDERR, AQ_STREAM_PROGRESS };

/** What a script in a guest says by CHECKPOINT. Texts are the guest's: any bytes, at most a few KiB in all.
 */
struct aq_checkpoint {
    const char *routine; /**< what `progress_callback` names */
    const char *vm;
    const char *stage, *text;
    const char *current, *total; /**< numbers, or "" */
    size_t stage_length, current_length, total_length, text_length;
};

/** What it is told. */
enum aq_checkpoint_answer {
    AQ_CHECKPOINT_CONTINUE,
    AQ_CHECKPOINT_PAUSE,     /**< not answered until `checkpoint_answer` says how */
    AQ_CHECKPOINT_ABORT,     /**< it is to end, and is ended if it does not */
    AQ_CHECKPOINT_NO_ROUTINE /**< there is no such routine: the command fails */
};

/** What the caller of a session provides. Every member may be NULL. */
struct aq_callbacks {
    void *data; /**< handed to each call back */

    /**
     * The value of the caller's variable `name` (not NUL-terminated), for {{name}}: a pointer that stays
     * valid until the next call, its length in *value_length; NULL when the variable has no value.
     */
    const char *(*variable)(void *data, const char *name, size_t name_length, size_t *value_length);

    /**
     * Output of a guest's command as it comes (verbs with stream=true, and provision), and, as
     * AQ_STREAM_PROGRESS, lines for a human about long work. Called on the session's thread.
     */
    void (*output)(void *data, enum aq_stream stream, const char *bytes, size_t length);

    /**
     * A CHECKPOINT of a script in a guest, where `progress_callback` names a routine: calls it and says what
     * it answers. Called on the session's thread, in the middle of the command; it may run other commands.
     */
    enum aq_checkpoint_answer (*checkpoint)(void *data, const struct aq_checkpoint *checkpoint);
};

/** Opens a session; never NULL. `callbacks` is copied and may be NULL. Costs nothing: the store is opened at
 * need. */
AQ_API aq_session *aq_session_open(const struct aq_callbacks *callbacks);

/** Closes it. VMs that were started go on running. NULL is fine. */
AQ_API void aq_session_close(aq_session *session);

/** As `length`: the command is a C string, take all of it. */
#define AQ_WHOLE ((size_t)-1)

/** Runs one command (`length` bytes) to its end. Never NULL: a command that fails gives a result that says
 * so. */
AQ_API aq_result *aq_run(aq_session *session, const char *command, size_t length);

/** A REXX script that is to run on another machine. */
struct aq_remote_script {
    const char *destination; /**< [USER@]HOST[:PORT], as the user's configuration of ssh knows it */
    const char *text;        /**< the script itself, `length` bytes */
    size_t length;
    const char *const *options; /**< of `rexx`, ahead of the script */
    size_t option_count;
    const char *const *arguments; /**< of the script */
    size_t argument_count;
    /** Asked several times a second while it runs: is it to get SIGINT? NULL: never. */
    bool (*take_interrupt)(void);
};

/** Runs it there through SSH to its end, with the session's `output` and our standard input. Never NULL: a
 * result that has EXIT_CODE if it ran. */
AQ_API aq_result *aq_run_remote(aq_session *session, const struct aq_remote_script *script);

/**
 * Ends the command that runs in this process, or the next one, as soon as it can be done cleanly: it fails
 * with INTERRUPTED and leaves nothing half-made. Async-signal-safe. Stays in force until aq_interrupt_clear.
 */
AQ_API void aq_interrupt(void);
AQ_API bool aq_interrupted(void);
AQ_API void aq_interrupt_clear(void);

/** 0, or the class of the failure: 1 failed, 2 usage, 3 not found, 4 conflict, 5 timed out, 6 refused, 7 the
 * command in the guest failed, 8 missing on the host, 9 I/O, 130 interrupted. */
AQ_API int aq_result_rc(const aq_result *result);

/** The verb that ran (or was meant); "" when the command had none. */
AQ_API const char *aq_result_operation(const aq_result *result);

/** One sentence for a human, or a listing. */
AQ_API const char *aq_result_output(const aq_result *result);

/** What went wrong, and the stable name of it ("BASE_NOT_FOUND"); "" on success. */
AQ_API const char *aq_result_error(const aq_result *result);
AQ_API const char *aq_result_error_code(const aq_result *result);

/** The whole result as one JSON object on one line. Bytes that are not UTF-8 are replaced by U+FFFD. */
AQ_API const char *aq_result_json(const aq_result *result, size_t *length);

/* In all that follow an index beyond the end gives NULL or 0. */

/** The fields that the verb set: upper-case names such as VM or EXIT_CODE; values may hold any bytes. */
AQ_API size_t aq_result_field_count(const aq_result *result);
AQ_API const char *aq_result_field_name(const aq_result *result, size_t index);
AQ_API const char *aq_result_field_value(const aq_result *result, size_t index, size_t *length);

/** A field by name; NULL if it was not set. `length` may be NULL. */
AQ_API const char *aq_result_field(const aq_result *result, const char *name, size_t *length);

/** Tables, such as BASES, of rows with named cells. A table of one unnamed column (STDOUT_LINES) has cell
 * name "". */
AQ_API size_t aq_result_table_count(const aq_result *result);
AQ_API const char *aq_result_table_name(const aq_result *result, size_t table);
AQ_API size_t aq_result_row_count(const aq_result *result, size_t table);
AQ_API size_t aq_result_column_count(const aq_result *result, size_t table);
AQ_API const char *aq_result_column_name(const aq_result *result, size_t table, size_t column);

/** A cell by position; NULL for one that was not set. `length` may be NULL. */
AQ_API const char *aq_result_cell_at(const aq_result *result, size_t table, size_t row, size_t column,
                                     size_t *length);

/** A cell by its column's name. */
AQ_API const char *aq_result_cell(const aq_result *result, size_t table, size_t row, const char *column,
                                  size_t *length);

/** Frees a result and all that was read from it. NULL is fine. */
AQ_API void aq_result_free(aq_result *result);

/** The version, such as "0.1.0". */
AQ_API const char *aq_version(void);

#ifdef __cplusplus
}
#endif

#endif
