/* SPDX-License-Identifier: MIT */
/* Freezing, repairing and thawing, as operations of a session with the helper. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/helper_session.h"
#include "guest/standstill.h"

/* How exactly a clock is set, unless all of so many answers take longer than that. */
#define CLOCK_TOLERANCE_NS 5000000
#define CLOCK_TRIES 10
#define NS_PER_SECOND 1000000000LL

void aq_guest_frozen_free(struct aq_guest_frozen *frozen)
{
    aq_strings_free(&frozen->keys);
}

static int need_helper(const struct aq_channel *channel, struct aq_error *err)
{
    if (strcmp(aq_channel_name(channel), "helper") == 0)
        return 0;
    return aq_fail(err, AQ_E_NOT_SUPPORTED,
                   "a guest can be frozen and repaired through our helper only, not through the %s",
                   aq_channel_name(channel));
}

/* Asks one question and takes its answer's payload. */
static int ask(struct aq_channel *channel, struct aq_helper_question *question, aq_deadline deadline,
               struct aq_error *err)
{
    struct aq_error session = {0};
    struct aq_helper_operation operation = {
        .kind = &aq_helper_ask_kind, .deadline = deadline, .question = question};
    aq_helper_run((struct aq_helper *)channel, &operation, 1, &session);
    if (operation.error.code == AQ_OK)
        return 0;
    if (operation.error.code == AQ_E_TIMEOUT) /* an answer may still come: to nobody */
        aq_helper_leave((struct aq_helper *)channel);
    *err = operation.error;
    return -1;
}

static int64_t host_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int64_t guest_time(const struct aq_helper_question *question)
{
    return (int64_t)aq_wire_get64(question->answer);
}

/* A question that moves the clock: THAW or CLOCK. */
static int move_clock(struct aq_channel *channel, enum aq_wire_type type, int64_t by, aq_deadline deadline,
                      struct aq_helper_question *question, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer request = {0};
    unsigned char number[8];
    aq_wire_put64(number, (uint64_t)by);
    aq_buffer_add(&request, number, sizeof number);
    *question = (struct aq_helper_question){.type = type,
                                            .answer_type = type == AQ_WIRE_THAW ? AQ_WIRE_THAWED : type,
                                            .answer_min = type == AQ_WIRE_THAW ? 12 : 8,
                                            .request = &request};
    return ask(channel, question, deadline, err);
}

/* How far it is behind, by the quickest of several answers: the longer one was under way, the less it says.
 */
static int measure_clock(struct aq_channel *channel, aq_deadline deadline, int64_t *behind,
                         struct aq_error *err)
{
    int64_t quickest = INT64_MAX;
    for (int i = 0; i < CLOCK_TRIES && quickest > CLOCK_TOLERANCE_NS; i++) {
        struct aq_helper_question question;
        int64_t before = host_time();
        if (move_clock(channel, AQ_WIRE_CLOCK, 0, deadline, &question, err) < 0)
            return -1;
        int64_t taken = host_time() - before;
        if (taken >= quickest)
            continue;
        quickest = taken;
        *behind = before + taken / 2 - guest_time(&question);
    }
    return 0;
}

static int refine_clock(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    struct aq_helper_question question;
    int64_t behind = 0;
    if (measure_clock(channel, deadline, &behind, err) < 0)
        return -1;
    return llabs(behind) <= CLOCK_TOLERANCE_NS
               ? 0
               : move_clock(channel, AQ_WIRE_CLOCK, behind, deadline, &question, err);
}

/* Lets it go on, its clock moved by what it was behind when it last said what time it has. */
static int thaw(struct aq_channel *channel, int64_t behind, aq_deadline deadline, bool *stood_still,
                struct aq_error *err)
{
    struct aq_helper_question question;
    int64_t before = host_time();
    if (move_clock(channel, AQ_WIRE_THAW, behind, deadline, &question, err) < 0)
        return -1;
    int64_t after = host_time();
    *stood_still = aq_wire_get32(question.answer + 8) != 0;
    int64_t earliest = before - guest_time(&question), latest = after - guest_time(&question);
    if (latest < CLOCK_TOLERANCE_NS && earliest > -CLOCK_TOLERANCE_NS)
        return 0;
    return refine_clock(channel, deadline, err);
}

int aq_guest_thaw(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    struct aq_helper_question question;
    bool stood_still;
    if (need_helper(channel, err) < 0 || aq_channel_ready(channel, deadline, err) < 0 ||
        move_clock(channel, AQ_WIRE_CLOCK, 0, deadline, &question, err) < 0)
        return -1;
    return thaw(channel, host_time() - guest_time(&question), deadline, &stood_still, err);
}

/* The answer to FREEZE, which the guest has written. */
static bool read_frozen(const struct aq_helper_question *question, struct aq_guest_frozen *frozen)
{
    const unsigned char *from = question->answer + 8;
    const unsigned char *end = question->answer + question->answer_length;
    uint32_t count = aq_wire_get32(question->answer + 4);
    const char *why = aq_wire_string(&from, end);
    if (why == NULL || count == 0 || count > AQ_IDENTITY_FILES)
        return false;
    frozen->closed = aq_wire_get32(question->answer) == 1;
    aq_guest_printable(why, strlen(why), frozen->why);
    for (uint32_t i = 1; i < count; i++) {
        const char *key = aq_wire_string(&from, end);
        if (key == NULL || key[0] != '/')
            return false;
        aq_strings_add(&frozen->keys, key);
    }
    return true;
}

int aq_guest_freeze(struct aq_channel *channel, int64_t patience_ms, aq_deadline deadline,
                    struct aq_guest_frozen *frozen, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer request = {0};
    unsigned char number[4];
    if (need_helper(channel, err) < 0 || aq_channel_ready(channel, deadline, err) < 0)
        return -1;
    aq_wire_put32(number, (uint32_t)patience_ms);
    aq_buffer_add(&request, number, sizeof number);
    struct aq_helper_question question = {
        .type = AQ_WIRE_FREEZE, .answer_type = AQ_WIRE_FROZEN, .answer_min = 9, .request = &request};
    if (ask(channel, &question, deadline, err) < 0)
        return -1;
    if (!read_frozen(&question, frozen))
        return aq_fail(err, AQ_E_GUEST_PROTOCOL,
                       "the guest's helper does not say properly what it has frozen");
    return 0;
}

int aq_guest_prepare_freeze(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    aq_autofrozen struct aq_guest_frozen nothing = {0};
    return aq_guest_freeze(channel, 0, deadline, &nothing, err);
}

static void add32(struct aq_buffer *request, uint32_t value)
{
    unsigned char bytes[4];
    aq_wire_put32(bytes, value);
    aq_buffer_add(request, bytes, sizeof bytes);
}

static void build_repair(const struct aq_identity *identity, struct aq_buffer *request)
{
    aq_buffer_add(request, identity->seed, sizeof identity->seed);
    add32(request, identity->file_count);
    aq_buffer_add(request, identity->hostname, strlen(identity->hostname) + 1);
    aq_buffer_add(request, identity->machine_id, strlen(identity->machine_id) + 1);
    aq_buffer_add(request, identity->uuid, strlen(identity->uuid) + 1);
    for (unsigned i = 0; i < identity->file_count; i++) {
        const struct aq_identity_file *file = &identity->files[i];
        aq_buffer_add(request, file->path, strlen(file->path) + 1);
        add32(request, file->mode);
        add32(request, (uint32_t)file->bytes.length);
        aq_buffer_add(request, file->bytes.data, file->bytes.length);
    }
}

struct aq_channel *aq_channel_open_clone(const struct aq_channel_port *port,
                                         const struct aq_identity *identity)
{
    aq_autobuffer struct aq_buffer request = {0};
    struct aq_error later = {0};
    struct aq_helper *helper = aq_helper_new(port);
    build_repair(identity, &request);
    aq_helper_greet_once(helper);
    helper->last_channel = 1;
    const struct aq_helper_operation operation = {.channel = 1};
    aq_helper_request(helper, &operation, AQ_WIRE_REPAIR, 0, &request, &later);
    aq_helper_flush(helper, &later); /* what is wrong shows when it is waited for */
    explicit_bzero(request.data, request.capacity);
    return &helper->base;
}

int aq_channel_repaired(struct aq_channel *channel, aq_deadline deadline, bool *stood_still,
                        struct aq_error *err)
{
    struct aq_error session = {0};
    struct aq_helper_question question = {.answer_type = AQ_WIRE_REPAIRED, .answer_min = 8};
    struct aq_helper_operation operation = {
        .kind = &aq_helper_ask_kind, .deadline = deadline, .question = &question, .channel = 1};
    if (aq_channel_ready(channel, deadline, err) < 0)
        return -1;
    aq_helper_run((struct aq_helper *)channel, &operation, 1, &session);
    if (operation.error.code == AQ_E_GUEST_REFUSED || operation.error.code == AQ_E_GUEST_FILE_NOT_FOUND)
        return aq_fail(err, AQ_E_CLONE_UNREPAIRED, "the clone could not be made a machine of its own: %s",
                       operation.error.text);
    if (operation.error.code != AQ_OK) {
        *err = operation.error;
        return -1;
    }
    return thaw(channel, host_time() - guest_time(&question), deadline, stood_still, err);
}
