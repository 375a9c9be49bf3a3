/* SPDX-License-Identifier: MIT */
#include "verbs/checkpoints.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "guest/checkpoint_line.h"
#include "util/clock.h"
#include "util/json_bytes.h"
#include "verbs/checkpoint_rows.h"
#include "vm/checkpoint.h"

enum {
    SHOW_EVERY_MS = 100,
    TICK_MS = 100, /* while there is something to be done: an answer, a state to be written */
    TEXT_SHOWN = 200,
    NAME_MAX_BYTES = 250,
};

struct aq_checkpoints {
    struct aq_call *call;
    const struct aq_vm *vm;
    const char *routine; /* NULL: none */
    struct aq_guest_side side;
    struct aq_checkpoint_stream stream;
    json_t *state;
    struct aq_checkpoint_rows rows;
    struct aq_checkpoint_line now; /* what was said last */
    aq_deadline started;
    bool waiting; /* it waits for its answer */
    bool asked;   /* the routine was asked about it */
    bool held;    /* by the routine's word */
    bool aborting;
    aq_deadline end_at;   /* when it is ended; 0: it was not told to abort */
    aq_deadline beat_at;  /* when it is told that we are still there */
    bool changed;         /* the state was not written since */
    aq_deadline shown_at; /* not to be shown or written again before */
};

static const char *routine_of(const struct aq_call *call)
{
    const char *name = aq_arg_text(call, "progress_callback");
    return name == NULL || strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0 ? NULL : name;
}

int aq_checkpoints_check(const struct aq_call *call, struct aq_error *err)
{
    const char *name = routine_of(call);
    static const char symbol[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_!?#$@.";
    if (name == NULL)
        return 0;
    if (name[0] == '\0' || strspn(name, symbol) != strlen(name) || strlen(name) > NAME_MAX_BYTES ||
        (name[0] >= '0' && name[0] <= '9'))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "progress_callback has to be the name of a routine, true or false, but is \"%.200s\"",
                       name);
    if (call->callbacks->checkpoint == NULL)
        return aq_fail(
            err, AQ_E_NOT_SUPPORTED,
            "progress_callback names the routine %s, but whoever runs this command has no routines that "
            "could be called",
            name);
    return 0;
}

/* --- what others see --- */

static const char *status_of(const struct aq_checkpoints *checkpoints)
{
    if (checkpoints->aborting)
        return "aborting";
    return checkpoints->waiting && checkpoints->beat_at != 0 ? "paused" : "running";
}

static void write_state(struct aq_checkpoints *checkpoints)
{
    static const char *const members[] = {"stage", "current", "total", "text"};
    json_object_set_new(checkpoints->state, "count", json_integer((json_int_t)checkpoints->rows.said));
    json_object_set_new(checkpoints->state, "status", json_string(status_of(checkpoints)));
    for (unsigned i = 0; i < AQ_CHECKPOINT_VALUES; i++)
        json_object_set_new(
            checkpoints->state, members[i],
            aq_json_bytes(checkpoints->now.values[i], checkpoints->now.lengths[i], AQ_SIDE_MAX));
    aq_checkpoint_stream_write(&checkpoints->stream, checkpoints->state);
    checkpoints->changed = false;
}

/* Fit for a terminal: no control characters, in UTF-8 neither. */
static void add_printable(struct aq_buffer *line, const char *text, size_t length)
{
    for (size_t i = 0; i < length && i < TEXT_SHOWN; i++) {
        unsigned char c = (unsigned char)text[i];
        bool control =
            c < ' ' || c == 0x7f || (c == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0);
        aq_buffer_add_char(line, control ? ' ' : (char)c);
    }
}

static void show(struct aq_checkpoints *checkpoints)
{
    const struct aq_checkpoint_line *now = &checkpoints->now;
    aq_autobuffer struct aq_buffer line = {0};
    for (unsigned i = 0; i < AQ_CHECKPOINT_VALUES; i++) {
        if (now->lengths[i] == 0)
            continue;
        bool fraction = i == AQ_CHECKPOINT_TOTAL && now->lengths[AQ_CHECKPOINT_CURRENT] != 0;
        aq_buffer_add_char(&line, fraction ? '/' : ' ');
        add_printable(&line, now->values[i], now->lengths[i]);
    }
    aq_progress(checkpoints->call, "%s:%s", checkpoints->vm->name, aq_buffer_text(&line));
}

/* The latest is shown in the end, however many there are in between. */
static void show_if_due(struct aq_checkpoints *checkpoints)
{
    if (!checkpoints->changed || aq_ms_left(checkpoints->shown_at) > 0)
        return;
    checkpoints->shown_at = aq_after_ms(SHOW_EVERY_MS);
    show(checkpoints);
    write_state(checkpoints);
}

/* --- what the script says --- */

static void said(void *data, const char *line, size_t length)
{
    struct aq_checkpoints *checkpoints = data;
    if (!aq_checkpoint_read(line, length, &checkpoints->now)) {
        checkpoints->now = (struct aq_checkpoint_line){0}; /* nothing of ours, and what was there is gone */
        checkpoints->waiting = false;
        return;
    }
    aq_checkpoint_rows_add(&checkpoints->rows, &checkpoints->now,
                           (aq_now() - checkpoints->started) / 1000000);
    checkpoints->waiting = true;
    checkpoints->asked = checkpoints->held = false;
    checkpoints->beat_at = 0;
    checkpoints->changed = true;
}

/* --- what it is told --- */

static int ask_routine(struct aq_checkpoints *checkpoints, struct aq_error *err)
{
    const struct aq_checkpoint_line *now = &checkpoints->now;
    const struct aq_checkpoint event = {
        .routine = checkpoints->routine,
        .vm = checkpoints->vm->name,
        .stage = now->values[AQ_CHECKPOINT_STAGE],
        .stage_length = now->lengths[AQ_CHECKPOINT_STAGE],
        .current = now->values[AQ_CHECKPOINT_CURRENT],
        .current_length = now->lengths[AQ_CHECKPOINT_CURRENT],
        .total = now->values[AQ_CHECKPOINT_TOTAL],
        .total_length = now->lengths[AQ_CHECKPOINT_TOTAL],
        .text = now->values[AQ_CHECKPOINT_TEXT],
        .text_length = now->lengths[AQ_CHECKPOINT_TEXT],
    };
    const struct aq_callbacks *callbacks = checkpoints->call->callbacks;
    checkpoints->asked = true;
    checkpoints->shown_at = 0; /* it may take long, and others look on meanwhile */
    show_if_due(checkpoints);
    switch (callbacks->checkpoint(callbacks->data, &event)) {
    case AQ_CHECKPOINT_PAUSE:
        checkpoints->held = true;
        break;
    case AQ_CHECKPOINT_ABORT:
        checkpoints->aborting = true;
        break;
    case AQ_CHECKPOINT_NO_ROUTINE:
        return aq_fail(
            err, AQ_E_VALUE_INVALID,
            "progress_callback names %s, but the calling script has no such label, and there is no such "
            "external routine; the script in the guest was ended",
            checkpoints->routine);
    case AQ_CHECKPOINT_CONTINUE:
        break;
    }
    return 0;
}

static enum aq_checkpoint_answer decide(struct aq_checkpoints *checkpoints)
{
    enum aq_checkpoint_answer order;
    bool ordered = aq_checkpoint_stream_order(&checkpoints->stream, &order);
    if (ordered && order == AQ_CHECKPOINT_ABORT)
        checkpoints->aborting = true;
    if (ordered && order == AQ_CHECKPOINT_CONTINUE)
        checkpoints->held = false;
    if (ordered && order != AQ_CHECKPOINT_PAUSE)
        aq_checkpoint_stream_clear_order(&checkpoints->stream);
    if (checkpoints->aborting)
        return AQ_CHECKPOINT_ABORT;
    return checkpoints->held || (ordered && order == AQ_CHECKPOINT_PAUSE) ? AQ_CHECKPOINT_PAUSE
                                                                          : AQ_CHECKPOINT_CONTINUE;
}

static int write_answer(struct aq_checkpoints *checkpoints, enum aq_checkpoint_answer answer,
                        struct aq_buffer *line)
{
    char text[AQ_SIDE_MAX];
    size_t length = aq_checkpoint_write_answer(checkpoints->now.id, answer, text);
    aq_buffer_add(line, text, length);
    return 1;
}

static int answer(struct aq_checkpoints *checkpoints, struct aq_buffer *line, struct aq_error *err)
{
    if (!checkpoints->asked && checkpoints->routine != NULL && ask_routine(checkpoints, err) < 0)
        return -1;
    enum aq_checkpoint_answer decided = decide(checkpoints);
    if (decided == AQ_CHECKPOINT_PAUSE) {
        if (checkpoints->beat_at != 0 && aq_ms_left(checkpoints->beat_at) > 0)
            return 0;
        checkpoints->changed = checkpoints->changed || checkpoints->beat_at == 0;
        checkpoints->beat_at = aq_after_ms(AQ_CHECKPOINT_BEAT_MS);
        return write_answer(checkpoints, decided, line);
    }
    if (decided == AQ_CHECKPOINT_ABORT && checkpoints->end_at == 0)
        checkpoints->end_at = aq_after_ms(aq_arg_number(checkpoints->call, "abort_grace"));
    checkpoints->waiting = false;
    checkpoints->changed = checkpoints->changed || checkpoints->beat_at != 0 || checkpoints->aborting;
    checkpoints->beat_at = 0;
    aq_checkpoint_rows_answered(&checkpoints->rows, decided);
    return write_answer(checkpoints, decided, line);
}

static int tell(void *data, struct aq_buffer *line, struct aq_error *err)
{
    struct aq_checkpoints *checkpoints = data;
    int told = checkpoints->waiting ? answer(checkpoints, line, err) : 0;
    if (told == 0 && checkpoints->end_at != 0 && aq_ms_left(checkpoints->end_at) == 0)
        told = aq_fail(err, AQ_E_CHECKPOINT_ABORTED,
                       "the script was told to abort and had not ended %lld ms later; it was ended",
                       (long long)aq_arg_number(checkpoints->call, "abort_grace"));
    show_if_due(checkpoints);
    checkpoints->side.tick_ms =
        checkpoints->waiting || checkpoints->changed || checkpoints->end_at != 0 ? TICK_MS : 0;
    return told;
}

/* --- its life --- */

static json_t *first_state(const struct aq_call *call, const char *script)
{
    char now[AQ_TIME_TEXT];
    json_t *state = json_object();
    json_object_set_new(state, "verb", json_string(call->verb->name));
    json_object_set_new(state, "script", aq_json_bytes(script, strlen(script), NAME_MAX_BYTES));
    json_object_set_new(state, "pid", json_integer(getpid()));
    json_object_set_new(state, "started", json_string(aq_now_text(now)));
    json_object_set_new(state, "count", json_integer(0));
    json_object_set_new(state, "status", json_string("running"));
    return state;
}

struct aq_checkpoints *aq_checkpoints_open(struct aq_call *call, const struct aq_vm *vm, const char *script,
                                           struct aq_error *err)
{
    struct aq_checkpoints *checkpoints = aq_alloc(sizeof *checkpoints);
    *checkpoints = (struct aq_checkpoints){
        .call = call,
        .vm = vm,
        .routine = routine_of(call),
        .side = {.data = checkpoints, .said = said, .tell = tell},
        .stream = AQ_CHECKPOINT_STREAM_NONE,
        .state = first_state(call, script),
        .started = aq_now(),
    };
    if (aq_checkpoint_stream_open(vm, checkpoints->state, &checkpoints->stream, err) == 0)
        return checkpoints;
    aq_checkpoints_close(checkpoints);
    return NULL;
}

struct aq_guest_side *aq_checkpoints_side(struct aq_checkpoints *checkpoints)
{
    return &checkpoints->side;
}

void aq_checkpoints_close(struct aq_checkpoints *checkpoints)
{
    if (checkpoints == NULL)
        return;
    if (checkpoints->changed)
        show(checkpoints);
    aq_checkpoint_rows_publish(&checkpoints->rows, checkpoints->call->result);
    aq_checkpoint_rows_free(&checkpoints->rows);
    aq_checkpoint_stream_close(&checkpoints->stream);
    json_decref(checkpoints->state);
    free(checkpoints);
}
