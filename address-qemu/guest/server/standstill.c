/* SPDX-License-Identifier: MIT */
#include "guest/server/standstill.h"

#include <errno.h>
#include <string.h>

#include "guest/server/freeze.h"
#include "guest/server/host_keys.h"
#include "guest/server/repair.h"

bool aq_standstill_is(uint8_t request_type)
{
    return request_type == AQ_WIRE_FREEZE || request_type == AQ_WIRE_REPAIR || request_type == AQ_WIRE_THAW ||
           request_type == AQ_WIRE_CLOCK;
}

static ssize_t freeze(const struct aq_session *session, unsigned char *answer)
{
    const char *why = "";
    size_t keys_length;
    if (session->request_length != 4)
        return -1;
    uint32_t patience = aq_wire_get32(session->request);
    bool frozen = false;
    if (patience > 0)
        frozen = aq_freeze(patience, &why);
    else
        aq_freeze_prepare(&why);
    aq_host_keys_note_servers();
    size_t size = strlen(why) + 1;
    memcpy(answer + 8, why, size);
    unsigned keys =
        aq_host_keys_list((char *)answer + 8 + size, AQ_STANDSTILL_ANSWER - 8 - size, &keys_length);
    aq_wire_put32(answer, frozen);
    aq_wire_put32(answer + 4, 1 + keys);
    return (ssize_t)(8 + size + keys_length);
}

static ssize_t repair(struct aq_session *session, unsigned char *answer, const char **what)
{
    bool done = aq_repair(session->request, session->request_length, what);
    int saved = errno;
    explicit_bzero(session->request, session->request_length); /* it held private keys */
    errno = saved;
    if (!done)
        return -1;
    aq_wire_put64(answer, aq_repair_time());
    return 8;
}

static bool move_clock(const struct aq_session *session, const char **what)
{
    if (session->request_length != 8)
        return false;
    *what = "cannot set the clock";
    return aq_repair_clock((int64_t)aq_wire_get64(session->request));
}

static ssize_t thaw(const struct aq_session *session, unsigned char *answer, const char **what)
{
    if (!move_clock(session, what))
        return -1;
    aq_wire_put32(answer + 8, aq_thaw());
    aq_wire_put64(answer, aq_repair_time());
    return 12;
}

static ssize_t clock(const struct aq_session *session, unsigned char *answer, const char **what)
{
    if (!move_clock(session, what))
        return -1;
    aq_wire_put64(answer, aq_repair_time());
    return 8;
}

ssize_t aq_standstill(struct aq_session *session, unsigned char answer[AQ_STANDSTILL_ANSWER],
                      enum aq_wire_type *type, const char **what)
{
    *what = "the request cannot be read";
    errno = EINVAL;
    switch (session->request_type) {
    case AQ_WIRE_FREEZE:
        *type = AQ_WIRE_FROZEN;
        return freeze(session, answer);
    case AQ_WIRE_REPAIR:
        *type = AQ_WIRE_REPAIRED;
        return repair(session, answer, what);
    case AQ_WIRE_THAW:
        *type = AQ_WIRE_THAWED;
        return thaw(session, answer, what);
    default:
        *type = AQ_WIRE_CLOCK;
        return clock(session, answer, what);
    }
}
