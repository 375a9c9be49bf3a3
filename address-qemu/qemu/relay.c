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
#include "util/memory.h"

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

/* That, what the guest has changed since, and the devices' state, if it is an idle one. */
#define KEPT_MAX ((size_t)48 << 20)

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

/* Of a pipe that nobody reads any more we want to be told by an error, not by a signal. */
struct quiet {
    sigset_t broken, before;
};

static void quiet_begin(struct quiet *quiet)
{
    sigemptyset(&quiet->broken);
    sigaddset(&quiet->broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &quiet->broken, &quiet->before);
}

/* Keeps errno. */
static void quiet_end(const struct quiet *quiet, bool broken)
{
    const struct timespec now = {0};
    int errnum = errno;
    if (broken && !sigismember(&quiet->before, SIGPIPE))
        sigtimedwait(&quiet->broken, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
    errno = errnum;
}

static int fail_broken(struct aq_error *err)
{
    return aq_fail_errno(err, AQ_E_IO, errno, "the stream of the VM's state breaks off");
}

/* Passes on up to so many bytes: how many, 0 at the stream's end, -1, or -2 if there are none or no room now.
 */
static ssize_t pass(struct aq_relay *relay, size_t most, struct aq_error *err)
{
    struct quiet quiet;
    quiet_begin(&quiet);
    ssize_t passed = splice(relay->from, NULL, relay->to, NULL, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    quiet_end(&quiet, passed < 0 && errno == EPIPE);
    if (passed >= 0)
        return passed;
    return errno == EAGAIN || errno == EINTR ? -2 : fail_broken(err);
}

static ssize_t put(const struct aq_relay *relay, size_t at)
{
    struct quiet quiet;
    quiet_begin(&quiet);
    ssize_t length = write(relay->to, relay->kept + at, relay->kept_length - at);
    quiet_end(&quiet, length < 0 && errno == EPIPE);
    return length;
}

static int wait_for(int fd, short events, int monitor, struct aq_error *err)
{
    struct pollfd ends[] = {{.fd = fd, .events = events}, {.fd = monitor, .events = POLLIN}};
    int ready = aq_poll(ends, 2, aq_after_ms(STUCK_MS), err);
    if (ready == 0)
        return aq_fail(err, AQ_E_TIMEOUT, "the stream of the VM's state has come to a halt");
    return ready < 0 ? -1 : 0;
}

int aq_relay_deliver(struct aq_relay *relay, struct aq_error *err)
{
    for (size_t at = 0; at < relay->kept_length && !relay->closed;) {
        ssize_t length = put(relay, at);
        if (length > 0)
            at += (size_t)length;
        else if (errno == EPIPE && relay->ending)
            relay->closed = true; /* who has all that it wants may close the pipe before; it tells itself
                                     whether it had (aq_mirror_finish) */
        else if (errno != EAGAIN && errno != EINTR)
            return fail_broken(err);
        else if (wait_for(relay->to, POLLOUT, -1, err) < 0)
            return -1;
    }
    relay->kept_length = 0;
    return 0;
}

/* Takes what QEMU has written: how many bytes, 0 at the stream's end, -1, or -2 if there are none now. What
   there is no more room for has to be passed on first. */
static ssize_t take(struct aq_relay *relay, struct aq_error *err)
{
    if (relay->kept_length == KEPT_MAX && aq_relay_deliver(relay, err) < 0)
        return -1;
    ssize_t taken = read(relay->from, relay->kept + relay->kept_length, KEPT_MAX - relay->kept_length);
    if (taken >= 0) {
        relay->kept_length += (size_t)taken;
        return taken;
    }
    return errno == EAGAIN || errno == EINTR ? -2 : fail_broken(err);
}

/* Its pages are there before the guest stands still. */
static void make_room(struct aq_relay *relay)
{
    relay->kept = aq_alloc(KEPT_MAX);
    memset(relay->kept, 0, KEPT_MAX);
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
            if (remaining >= 0 && remaining < LAST) {
                make_room(relay);
                return 0;
            }
            allowed = remaining < 0 ? PIECE : allowance(remaining);
        }
        ssize_t passed = pass(relay, allowed < PIECE ? (size_t)allowed : PIECE, err);
        if (passed == 0)
            return aq_fail(err, AQ_E_QMP_FAILED, "the stream of the VM's state ends early");
        if (passed == -1 || (passed == -2 && (wait_for(relay->from, POLLIN, -1, err) < 0 ||
                                              wait_for(relay->to, POLLOUT, -1, err) < 0)))
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

/* Takes all until it has got there. */
static int take_until(struct aq_relay *relay, const char *wanted, struct aq_error *err)
{
    for (;;) {
        ssize_t taken = relay->ended ? -2 : take(relay, err);
        if (taken == -1)
            return -1;
        relay->ended = relay->ended || taken == 0;
        if (taken > 0)
            continue;
        int there = look_for(relay, wanted, err);
        if (there != 0)
            return there < 0 ? -1 : 0;
        int monitor = aq_qmp_descriptor(relay->qmp);
        if (relay->ended ? aq_wait_fd(monitor, POLLIN, aq_after_ms(QMP_MS), err) < 0
                         : wait_for(relay->from, POLLIN, monitor, err) < 0)
            return -1;
    }
}

int aq_relay_stop(struct aq_relay *relay, struct aq_error *err)
{
    json_t *longer = json_pack("{s:i}", "downtime-limit", LONG_MS);
    if (aq_qmp_command(relay->qmp, "migrate-set-parameters", longer, aq_after_ms(QMP_MS), NULL, err) < 0)
        return -1;
    return take_until(relay, "pre-switchover", err);
}

int aq_relay_finish(struct aq_relay *relay, struct aq_error *err)
{
    relay->ending = true;
    fcntl(relay->from, F_SETPIPE_SZ, DEVICES_PIPE);
    json_t *state = json_pack("{s:s}", "state", "pre-switchover");
    /* QEMU may write its last pages before it answers, and does neither while the pipe is full. */
    if (aq_qmp_tell(relay->qmp, "migrate-continue", state, aq_after_ms(QMP_MS), err) < 0 ||
        take_until(relay, "completed", err) < 0)
        return -1;
    while (!relay->ended) {
        ssize_t taken = take(relay, err);
        relay->ended = taken == 0;
        if (taken == -1 || (taken == -2 && wait_for(relay->from, POLLIN, -1, err) < 0))
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
    free(aq_steal_ptr(&relay->kept));
    aq_cleanup_close(&relay->from); /* QEMU takes that for an end, too */
    relay->from = 0;
    if (!relay->ended)
        cancel(relay);
    set_up(relay, false, &ignored);
    aq_interrupt_release();
}
