/* SPDX-License-Identifier: MIT */
/* The channel through our helper's port: aq_channel's operations as those of a session. */
#include "guest/helper_fs_freeze.h"
#include "guest/helper_session.h"

#define QUEUE_SIZE (1024 * 1024)
#define PING_AFTER_MS 5000
#define PATIENCE_MS 25000

/* Runs one operation: its own error is the call's. */
static int run_one(struct aq_channel *channel, struct aq_helper_operation *operation, struct aq_error *err)
{
    struct aq_error session = {0};
    aq_helper_run((struct aq_helper *)channel, operation, 1, &session);
    if (operation->error.code == AQ_OK)
        return 0;
    *err = operation->error;
    return -1;
}

static int helper_ping(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    struct aq_helper_operation operation = {.kind = &aq_helper_ping_kind, .deadline = deadline};
    if (run_one(channel, &operation, err) == 0)
        return 0;
    aq_helper_leave((struct aq_helper *)channel);
    return -1;
}

static int helper_exec(struct aq_channel *channel, const struct aq_guest_exec *exec,
                       struct aq_guest_exit *exit, struct aq_error *err)
{
    struct aq_helper_operation operation = {
        .kind = &aq_helper_exec_kind, .deadline = exec->deadline, .exec = exec, .exit = exit};
    return run_one(channel, &operation, err);
}

static int helper_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err)
{
    struct aq_helper_operation operation = {
        .kind = &aq_helper_put_kind, .deadline = put->deadline, .put = put};
    return run_one(channel, &operation, err);
}

static int helper_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                      struct aq_error *err)
{
    struct aq_helper_operation operation = {
        .kind = &aq_helper_get_kind, .deadline = get->deadline, .get = get, .file = file};
    return run_one(channel, &operation, err);
}

static int helper_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    struct aq_helper_operation operation = {.kind = &aq_helper_sync_kind, .deadline = deadline};
    return run_one(channel, &operation, err);
}

static const char *helper_build_id(const struct aq_channel *channel)
{
    return ((const struct aq_helper *)channel)->build_id;
}

static const char *helper_runner_path(const struct aq_channel *channel)
{
    return ((const struct aq_helper *)channel)->runner_path;
}

static void helper_leave(struct aq_channel *channel)
{
    aq_helper_leave((struct aq_helper *)channel);
}

static void helper_close(struct aq_channel *channel)
{
    struct aq_helper *helper = (struct aq_helper *)channel;
    free(helper->queue.bytes);
    free(helper);
}

static const struct aq_channel_ops helper_ops = {
    .name = "helper",
    .greet = aq_helper_greet,
    .greet_events = aq_helper_greet_events,
    .ping = helper_ping,
    .exec = helper_exec,
    .put = helper_put,
    .get = helper_get,
    .sync = helper_sync,
    .fs_freeze = aq_helper_fs_freeze,
    .fs_thaw = aq_helper_fs_thaw,
    .build_id = helper_build_id,
    .runner_path = helper_runner_path,
    .leave = helper_leave,
    .close = helper_close,
};

struct aq_helper *aq_helper_new(const struct aq_channel_port *port)
{
    struct aq_helper *helper = aq_alloc(sizeof *helper);
    helper->base = (struct aq_channel){.ops = &helper_ops, .port = *port};
    helper->queue = (struct aq_wire_queue){.bytes = aq_alloc(QUEUE_SIZE), .size = QUEUE_SIZE};
    helper->ping_after_ms = PING_AFTER_MS;
    helper->patience_ms = PATIENCE_MS;
    aq_helper_leave(helper);
    return helper;
}

struct aq_channel *aq_channel_open_helper(const struct aq_channel_port *port)
{
    struct aq_helper *helper = aq_helper_new(port);
    struct aq_error later = {0};
    aq_helper_greet(&helper->base,
                    &later); /* sends the greeting; what is wrong shows when it is waited for */
    return &helper->base;
}
