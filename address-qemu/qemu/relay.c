/* SPDX-License-Identifier: MIT */
#include "qemu/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/json.h"

enum {
    QMP_MS = 60000,
    STUCK_MS = 120000, /* without a single byte */
    CANCEL_MS = 10000,
    DOWNTIME_MS = 300,      /* QEMU's own, as it is to be again afterwards … */
    LONG_MS = 2000000,      /* … and its greatest: it is to come to its end */
    PIPE = 16384,           /* held back in the pipe … */
    BUFFER = 32768,         /* … and by QEMU itself */
    DEVICES_PIPE = 1 << 20, /* the devices' state fits into it, so QEMU's main loop need not wait for us */
    PIECE = 16384,
    PAGE = 4096,
    ZERO_PAGE = 9, /* bytes in the stream for one that is all zeros: so much RAM may pass with few bytes */
};

/* What is left for the end. More than can pass unseen with what the pipe, QEMU and a piece hold. */
#define LAST ((int64_t)32 << 20)

static const char *const capability_names[] = {"events", "pause-before-switchover", "x-ignore-shared"};

static int set_up(struct aq_relay *relay, bool on, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(QMP_MS);
    const bool states[] = {true, on, false};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:b}", "capability", capability_names[i], "state", states[i]));
    json_t *parameters =
        json_pack("{s:I, s:i}", "max-bandwidth", INT64_C(1) << 40, "downtime-limit", on ? 0 : DOWNTIME_MS);
    if (aq_qmp_command(relay->qmp, "migrate-set-capabilities", json_pack("{s:o}", "capabilities", list),
                       deadline, NULL, err) < 0) {
        json_decref(parameters);
        return -1;
    }
    return aq_qmp_command(relay->qmp, "migrate-set-parameters", parameters, deadline, NULL, err);
}

static int start(struct aq_relay *relay, struct aq_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    relay->from = ends[0];
    aq_autoclose int writing = ends[1];
    if (fcntl(relay->from, F_SETFL, O_NONBLOCK) < 0 || fcntl(relay->from, F_SETPIPE_SZ, PIPE) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot set up a pipe");
    aq_deadline deadline = aq_after_ms(QMP_MS);
    if (aq_qmp_give_fd(relay->qmp, writing, "stream", deadline, err) < 0)
        return -1;
    aq_qmp_forget_events(relay->qmp);
    return aq_qmp_command(relay->qmp, "migrate", json_pack("{s:s}", "uri", "fd:stream"), deadline, NULL, err);
}

/* How much RAM has yet to be sent: -1 when QEMU does not know yet, -2 on failure. */
static int64_t ask_remaining(struct aq_relay *relay, struct aq_error *err)
{
    aq_autojson json_t *answer = NULL;
    if (aq_qmp_command(relay->qmp, "query-migrate", NULL, aq_after_ms(QMP_MS), &answer, err) < 0)
        return -2;
    const char *status = aq_json_text(answer, "status", "");
    if (strcmp(status, "setup") == 0)
        return -1;
    if (strcmp(status, "active") == 0)
        return aq_json_int(json_object_get(answer, "ram"), "remaining", -1);
    aq_fail(err, AQ_E_QMP_FAILED, "QEMU does not stream its state as it is to: it is in \"%s\" %s", status,
            aq_json_text(answer, "error-desc", ""));
    return -2;
}

/* As splice. Of a pipe that nobody reads any more we want to be told by an error, not by a signal. */
static ssize_t splice_quietly(int from, int to, size_t most)
{
    const struct timespec now = {0};
    sigset_t broken, before;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    ssize_t passed = splice(from, NULL, to, NULL, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    int errnum = errno;
    if (passed < 0 && errnum == EPIPE && !sigismember(&before, SIGPIPE))
        sigtimedwait(&broken, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = errnum;
    return passed;
}

/* Who has all that it wants closes the pipe, maybe before the other side does. Whether it had, it tells
   itself (aq_mirror_finish). */
static ssize_t pass_to_nobody(const struct aq_relay *relay)
{
    char bytes[PIECE];
    return read(relay->from, bytes, sizeof bytes);
}

/* Passes on up to so many bytes: how many, 0 at the stream's end, -1, or -2 if there are none or no room now.
 */
static ssize_t pass(struct aq_relay *relay, size_t most, struct aq_error *err)
{
    ssize_t passed = relay->closed ? -1 : splice_quietly(relay->from, relay->to, most);
    if (!relay->closed && passed < 0 && errno == EPIPE && relay->ending)
        relay->closed = true;
    if (relay->closed)
        passed = pass_to_nobody(relay);
    if (passed >= 0)
        return passed;
    if (errno == EAGAIN || errno == EINTR)
        return -2;
    return aq_fail_errno(err, AQ_E_IO, errno, "the stream of the VM's state breaks off");
}

/* Waits until something can be passed on, or the monitor says something. */
static int wait_ready(struct aq_relay *relay, bool monitor, struct aq_error *err)
{
    struct pollfd source[] = {{.fd = relay->from, .events = POLLIN},
                              {.fd = monitor ? aq_qmp_descriptor(relay->qmp) : -1, .events = POLLIN}};
    aq_deadline deadline = aq_after_ms(STUCK_MS);
    int ready = aq_poll(source, 2, deadline, err);
    if (ready > 0 && source[0].revents != 0) {
        struct pollfd sink[] = {{.fd = relay->to, .events = POLLOUT}, source[1]};
        ready = aq_poll(sink, 2, deadline, err);
    }
    if (ready == 0)
        return aq_fail(err, AQ_E_TIMEOUT, "the stream of the VM's state has come to a halt");
    return ready < 0 ? -1 : 0;
}

/* How many bytes may pass before it has to be asked again. */
static int64_t allowance(int64_t remaining)
{
    int64_t pages = (remaining - LAST) / PAGE, least = pages * ZERO_PAGE - PIPE - BUFFER;
    return least > PIECE ? least : PIECE;
}

int aq_relay_begin(struct aq_relay *relay, struct aq_qmp *qmp, int to, struct aq_error *err)
{
    relay->qmp = qmp;
    relay->to = to;
    if (set_up(relay, true, err) < 0 || start(relay, err) < 0)
        return -1;
    for (int64_t allowed = 0;;) {
        if (allowed <= 0) {
            int64_t remaining = ask_remaining(relay, err);
            if (remaining < -1)
                return -1;
            if (remaining >= 0 && remaining < LAST)
                return 0;
            allowed = remaining < 0 ? PIECE : allowance(remaining);
        }
        ssize_t passed = pass(relay, allowed < PIECE ? (size_t)allowed : PIECE, err);
        if (passed == 0)
            return aq_fail(err, AQ_E_QMP_FAILED, "the stream of the VM's state ends early");
        if (passed == -1 || (passed == -2 && wait_ready(relay, false, err) < 0))
            return -1;
        if (passed > 0)
            allowed -= passed;
    }
}

/* Has it got there? 1 yes, 0 not yet, -1 it never will. */
static int look_for(struct aq_relay *relay, const char *wanted, struct aq_error *err)
{
    for (;;) {
        aq_autojson json_t *data = NULL;
        int came = aq_qmp_wait_event(relay->qmp, "MIGRATION", aq_now(), &data, err);
        const char *status = aq_json_text(data, "status", "");
        if (came <= 0)
            return came;
        if (strcmp(status, wanted) == 0)
            return 1;
        if (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)
            return aq_fail(err, AQ_E_QMP_FAILED, "QEMU cannot stream its state: it has %s", status);
    }
}

/* Lets everything through until it has got there. */
static int pass_until(struct aq_relay *relay, const char *wanted, struct aq_error *err)
{
    for (;;) {
        ssize_t passed = relay->ended ? -2 : pass(relay, DEVICES_PIPE, err);
        if (passed == -1)
            return -1;
        relay->ended = relay->ended || passed == 0;
        if (passed > 0)
            continue;
        int there = look_for(relay, wanted, err);
        if (there != 0)
            return there < 0 ? -1 : 0;
        if (relay->ended ? aq_wait_fd(aq_qmp_descriptor(relay->qmp), POLLIN, aq_after_ms(QMP_MS), err) < 0
                         : wait_ready(relay, true, err) < 0)
            return -1;
    }
}

int aq_relay_stop(struct aq_relay *relay, struct aq_error *err)
{
    json_t *longer = json_pack("{s:i}", "downtime-limit", LONG_MS);
    if (aq_qmp_command(relay->qmp, "migrate-set-parameters", longer, aq_after_ms(QMP_MS), NULL, err) < 0)
        return -1;
    return pass_until(relay, "pre-switchover", err);
}

int aq_relay_finish(struct aq_relay *relay, struct aq_error *err)
{
    relay->ending = true;
    fcntl(relay->from, F_SETPIPE_SZ, DEVICES_PIPE);
    json_t *state = json_pack("{s:s}", "state", "pre-switchover");
    /* QEMU may write its last pages before it answers, and does neither while the pipe is full. */
    if (aq_qmp_tell(relay->qmp, "migrate-continue", state, aq_after_ms(QMP_MS), err) < 0 ||
        pass_until(relay, "completed", err) < 0)
        return -1;
    while (!relay->ended) {
        ssize_t passed = pass(relay, DEVICES_PIPE, err);
        relay->ended = passed == 0;
        if (passed == -1 || (passed == -2 && wait_ready(relay, false, err) < 0))
            return -1;
    }
    return 0;
}

static bool is_over(const char *status)
{
    static const char *const over[] = {"cancelled", "failed", "completed", "none"};
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        if (strcmp(status, over[i]) == 0)
            return true;
    return false;
}

static void cancel(struct aq_relay *relay)
{
    struct aq_error ignored = {0};
    aq_deadline deadline = aq_after_ms(CANCEL_MS);
    if (aq_qmp_command(relay->qmp, "migrate_cancel", NULL, deadline, NULL, &ignored) < 0)
        return;
    while (aq_ms_left(deadline) > 0) {
        aq_autojson json_t *answer = NULL;
        if (aq_qmp_command(relay->qmp, "query-migrate", NULL, deadline, &answer, &ignored) < 0 ||
            is_over(aq_json_text(answer, "status", "none")))
            return;
        aq_sleep_until(aq_after_ms(10), &ignored);
    }
}

void aq_relay_close(struct aq_relay *relay)
{
    struct aq_error ignored = {0};
    if (relay->from <= 0)
        return;
    aq_interrupt_hold();
    aq_cleanup_close(&relay->from); /* QEMU takes that for an end, too */
    relay->from = 0;
    if (!relay->ended)
        cancel(relay);
    set_up(relay, false, &ignored);
    aq_interrupt_release();
}
