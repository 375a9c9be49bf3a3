/* SPDX-License-Identifier: MIT */
#include "guest/serial_channel.h"

#include <stdlib.h>

static short greet_events(const struct aq_channel *channel)
{
    (void)channel;
    return POLLIN;
}

static int serial_ping(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer answer = {0};
    return aq_serial_ask((struct aq_serial *)channel, "a ok", &answer, deadline, err);
}

static int serial_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    static const char *const none[] = {NULL};
    aq_autobuffer struct aq_buffer output = {0};
    int code = aq_serial_run_script((struct aq_serial *)channel, "sync", none, &output, deadline, err);
    return code > 0 ? aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: sync failed") : code;
}

static const char *nothing(const struct aq_channel *channel)
{
    (void)channel;
    return "";
}

static void serial_leave(struct aq_channel *channel)
{
    aq_serial_leave((struct aq_serial *)channel);
}

static void serial_close(struct aq_channel *channel)
{
    struct aq_serial *serial = (struct aq_serial *)channel;
    aq_serial_leave(serial);
    aq_buffer_free(&serial->in);
    free(serial);
}

static const struct aq_channel_ops serial_ops = {
    .name = "serial",
    .greet = aq_serial_greet,
    .greet_events = greet_events,
    .verdict = aq_serial_verdict,
    .ping = serial_ping,
    .exec = aq_serial_exec,
    .put = aq_serial_put,
    .get = aq_serial_get,
    .sync = serial_sync,
    .build_id = nothing,
    .runner_path = nothing,
    .leave = serial_leave,
    .close = serial_close,
};

struct aq_channel *aq_channel_open_serial(const struct aq_channel_port *port,
                                          const struct aq_serial_login *login)
{
    struct aq_serial *serial = aq_alloc(sizeof *serial);
    serial->base = (struct aq_channel){.ops = &serial_ops, .port = *port};
    serial->login = login;
    return &serial->base;
}
