/* SPDX-License-Identifier: MIT */
/* Freezing the guest's file systems through our helper. */
#include "guest/helper_fs_freeze.h"

#include "guest/helper_session.h"

static int ask(struct aq_channel *channel, enum aq_wire_type type, const struct aq_buffer *request,
               aq_deadline deadline, bool *held, struct aq_error *err)
{
    struct aq_error session = {0};
    struct aq_helper_question question = {
        .type = type, .answer_type = AQ_WIRE_DONE, .answer_min = 16, .request = request};
    struct aq_helper_operation operation = {
        .kind = &aq_helper_ask_kind, .deadline = deadline, .question = &question};
    aq_helper_run((struct aq_helper *)channel, &operation, 1, &session);
    if (operation.error.code != AQ_OK) {
        aq_helper_leave((struct aq_helper *)channel); /* which thaws what may be frozen */
        return aq_fail(err, operation.error.code, "%s", operation.error.text);
    }
    *held = aq_wire_get32(question.answer + 12) != 0;
    return 0;
}

int aq_helper_fs_freeze(struct aq_channel *channel, unsigned patience_ms, aq_deadline deadline,
                        struct aq_error *err)
{
    bool held;
    unsigned char number[4];
    aq_autobuffer struct aq_buffer request = {0};
    aq_wire_put32(number, patience_ms);
    aq_buffer_add(&request, number, sizeof number);
    return ask(channel, AQ_WIRE_FSFREEZE, &request, deadline, &held, err);
}

int aq_helper_fs_thaw(struct aq_channel *channel, aq_deadline deadline, bool *held, struct aq_error *err)
{
    static const struct aq_buffer nothing;
    return ask(channel, AQ_WIRE_FSTHAW, &nothing, deadline, held, err);
}
