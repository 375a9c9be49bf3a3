/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "signals.h"
#include "util/memory.h"

/* What the command's thread wants of the interpreter's. */
enum wish { NOTHING, VARIABLE, CHECKPOINT };

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct aq_callbacks *callbacks;
    char *command;
    size_t length;
    aq_result *result;
    bool done;
    bool left;   /* by the interpreter: wishes are answered with nothing */
    void *frame; /* where the interpreter's thread was when it called a routine; NULL: it is with us */

    enum wish wish;
    const char *name; /* of the variable */
    size_t name_length;
    const char *value;
    size_t value_length;
    const struct aq_checkpoint *checkpoint;
    enum aq_checkpoint_answer answer;
    struct worker *outer; /* the one whose routine has started this */
};

/* The innermost of this thread. */
static _Thread_local struct worker *current;

bool aq_worker_is_wanted(const char *command, size_t length)
{
    static const char key[] = "progress_callback";
    for (size_t i = 0; i + sizeof key - 1 <= length; i++)
        if ((command[i] | 0x20) == 'p' && strncasecmp(command + i, key, sizeof key - 1) == 0)
            return true;
    return false;
}

/* --- on the command's thread --- */

/* Has the wish fulfilled; false when there is nobody who could. The lock is held. */
static bool wish(struct worker *worker, enum wish what)
{
    worker->wish = what;
    pthread_cond_broadcast(&worker->changed);
    while (worker->wish != NOTHING && !worker->left)
        pthread_cond_wait(&worker->changed, &worker->lock);
    return worker->wish == NOTHING;
}

static const char *variable(void *data, const char *name, size_t name_length, size_t *value_length)
{
    struct worker *worker = data;
    pthread_mutex_lock(&worker->lock);
    worker->name = name;
    worker->name_length = name_length;
    const char *value = wish(worker, VARIABLE) ? worker->value : NULL;
    *value_length = worker->value_length;
    pthread_mutex_unlock(&worker->lock);
    return value;
}

static enum aq_checkpoint_answer checkpoint(void *data, const struct aq_checkpoint *said)
{
    struct worker *worker = data;
    pthread_mutex_lock(&worker->lock);
    worker->checkpoint = said;
    enum aq_checkpoint_answer answer = wish(worker, CHECKPOINT) ? worker->answer : AQ_CHECKPOINT_CONTINUE;
    pthread_mutex_unlock(&worker->lock);
    return answer;
}

static void output(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    struct worker *worker = data;
    worker->callbacks->output(worker->callbacks->data, stream, bytes, length);
}

static void *run(void *data)
{
    struct worker *worker = data;
    struct aq_callbacks callbacks = {
        .data = worker, .variable = variable, .output = output, .checkpoint = checkpoint};
    aq_session *session = aq_session_open(&callbacks);
    aq_result *result = aq_run(session, worker->command, worker->length);
    aq_session_close(session);
    pthread_mutex_lock(&worker->lock);
    worker->result = result;
    worker->done = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* --- on the interpreter's thread --- */

/* Without the lock, and from here the interpreter may leave. Ctrl-C is the script's own meanwhile. */
static void fulfil(struct worker *worker)
{
    const struct aq_callbacks *callbacks = worker->callbacks;
    if (worker->wish == VARIABLE) {
        worker->value =
            callbacks->variable(callbacks->data, worker->name, worker->name_length, &worker->value_length);
        return;
    }
    int running = aq_signals_suspend();
    worker->frame = __builtin_frame_address(0);
    worker->answer = callbacks->checkpoint(callbacks->data, worker->checkpoint);
    worker->frame = NULL;
    aq_signals_resume(running);
}

static void serve(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (!worker->done) {
        if (worker->wish == NOTHING) {
            pthread_cond_wait(&worker->changed, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        fulfil(worker);
        pthread_mutex_lock(&worker->lock);
        worker->wish = NOTHING;
        pthread_cond_broadcast(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
}

static aq_result *take_result(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
    aq_result *result = worker->result;
    current = worker->outer;
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker->command);
    free(worker);
    return result;
}

aq_result *aq_worker_run(const struct aq_callbacks *callbacks, const char *command, size_t length)
{
    struct worker *worker = aq_alloc(sizeof *worker);
    worker->callbacks = callbacks;
    worker->command = aq_strndup(command, length);
    worker->length = length;
    worker->outer = current;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0)
        aq_panic("cannot start a thread");
    current = worker;
    serve(worker);
    return take_result(worker);
}

/* The stack grows downwards: a frame that is below ours does not exist any more. */
static bool was_left(const struct worker *worker)
{
    return worker->frame != NULL && (char *)worker->frame < (char *)__builtin_frame_address(0);
}

void aq_worker_finish(void)
{
    while (current != NULL && was_left(current)) {
        struct worker *worker = current;
        aq_interrupt();
        pthread_mutex_lock(&worker->lock);
        worker->left = true;
        pthread_cond_broadcast(&worker->changed);
        pthread_mutex_unlock(&worker->lock);
        aq_result_free(take_result(worker));
        aq_interrupt_clear();
    }
}
