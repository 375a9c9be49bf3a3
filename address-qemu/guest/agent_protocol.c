/* SPDX-License-Identifier: MIT */
#include "guest/agent_protocol.h"

#include <string.h>

#include "util/json.h"
#include "util/random.h"

#define SYNC_EVERY_MS 4000
#define DEPTH_MAX 16
/* A greeting is repeated while the guest starts, and every one may be answered late: this is hours of them.
 */
#define LATE_MAX 4096
#define SYNC_ANSWER_MAX 1024
#define SENTINEL '\xFF'

void aq_agent_leave(struct aq_agent *agent)
{
    agent->synced = false;
    agent->sync_again_at = 0;
    agent->out_sent = 0;
    aq_buffer_clear(&agent->out);
    aq_random_bytes(&agent->sync_id, sizeof agent->sync_id);
    agent->sync_id &= INT64_MAX >> 12; /* what any JSON parser keeps exactly */
}

static int flush(struct aq_agent *agent, struct aq_error *err)
{
    while (agent->out_sent < agent->out.length) {
        ssize_t sent = aq_channel_write(&agent->base, agent->out.data + agent->out_sent,
                                        agent->out.length - agent->out_sent, err);
        if (sent <= 0)
            return (int)sent;
        agent->out_sent += (size_t)sent;
    }
    agent->out_sent = 0;
    aq_buffer_clear(&agent->out);
    return 0;
}

static void queue_call(struct aq_agent *agent, const char *command, json_t *arguments)
{
    aq_autojson json_t *request = json_pack("{s:s}", "execute", command);
    if (arguments != NULL)
        json_object_set_new(request, "arguments", arguments);
    aq_autofree char *text = json_dumps(request, JSON_COMPACT);
    aq_buffer_add_text(&agent->out, text);
    aq_buffer_add_char(&agent->out, '\n');
}

/* Takes bytes that have come: 1 some, 0 none now. */
static int fill(struct aq_agent *agent, struct aq_error *err)
{
    char *room = aq_buffer_room(&agent->in, 65536);
    ssize_t got = aq_channel_read(&agent->base, room, 65536, err);
    if (got <= 0)
        return (int)got;
    aq_buffer_filled(&agent->in, (size_t)got);
    return 1;
}

static void drop_input(struct aq_agent *agent, size_t length)
{
    agent->in.length -= length;
    memmove(agent->in.data, agent->in.data + length, agent->in.length);
    agent->in_searched = 0;
}

/* The length of the complete line that is there, its end included; 0 if there is none. */
static size_t line_length(struct aq_agent *agent)
{
    size_t new_bytes = agent->in.length - agent->in_searched;
    const char *end = new_bytes == 0 ? NULL : memchr(agent->in.data + agent->in_searched, '\n', new_bytes);
    agent->in_searched = agent->in.length;
    return end == NULL ? 0 : (size_t)(end - agent->in.data) + 1;
}

static int fail_answer(struct aq_error *err, const char *what)
{
    return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent's answer %s", what);
}

/* jansson recurses as deep as the text says: not as deep as a guest wants. */
static bool too_deep(const char *text, size_t length)
{
    bool quoted = false;
    int depth = 0;
    for (size_t i = 0; i < length && depth <= DEPTH_MAX; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!quoted && (text[i] == '}' || text[i] == ']'))
            depth--;
    }
    return depth > DEPTH_MAX;
}

static json_t *parse_line(const char *text, size_t length, struct aq_error *err)
{
    json_error_t reason;
    if (too_deep(text, length)) {
        fail_answer(err, "is nested too deeply");
        return NULL;
    }
    json_t *answer = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &reason);
    if (!json_is_object(answer)) {
        json_decref(answer);
        fail_answer(err, "is not a JSON object");
        return NULL;
    }
    return answer;
}

/* --- greeting --- */

static bool answers_sync(struct aq_agent *agent, const char *line, size_t length)
{
    struct aq_error ignored = {0};
    aq_autojson json_t *answer = parse_line(line, length, &ignored);
    return json_is_integer(json_object_get(answer, "return")) &&
           json_integer_value(json_object_get(answer, "return")) == agent->sync_id;
}

/* Looks for the answer, which follows a byte that no JSON holds; all else is from before. */
static bool find_sync_answer(struct aq_agent *agent)
{
    size_t at = 0;
    bool found = false;
    while (!found && at < agent->in.length) {
        const char *sentinel = memchr(agent->in.data + at, SENTINEL, agent->in.length - at);
        at = sentinel == NULL ? agent->in.length : (size_t)(sentinel - agent->in.data);
        size_t left = agent->in.length - at;
        const char *end =
            left == 0 ? NULL : memchr(sentinel, '\n', left < SYNC_ANSWER_MAX ? left : SYNC_ANSWER_MAX);
        if (end == NULL && left < SYNC_ANSWER_MAX)
            break; /* the rest of it may come yet */
        found = end != NULL && answers_sync(agent, sentinel + 1, (size_t)(end - sentinel) - 1);
        at += found ? (size_t)(end - sentinel) + 1 : 1;
    }
    drop_input(agent, at);
    return found;
}

static void ask_for_sync(struct aq_agent *agent)
{
    if (agent->out.length > 0 || aq_now() < agent->sync_again_at)
        return;
    aq_buffer_add_char(&agent->out, SENTINEL); /* ends whatever half a request the agent may hold */
    queue_call(agent, "guest-sync-delimited", json_pack("{s:I}", "id", (json_int_t)agent->sync_id));
    agent->sync_again_at = aq_after_ms(SYNC_EVERY_MS);
}

int aq_agent_greet(struct aq_channel *channel, struct aq_error *err)
{
    struct aq_agent *agent = (struct aq_agent *)channel;
    for (int reads = 0; !agent->synced && reads < 8; reads++) {
        ask_for_sync(agent);
        if (flush(agent, err) < 0)
            return -1;
        int got = fill(agent, err);
        if (got <= 0)
            return got;
        agent->synced = find_sync_answer(agent);
    }
    return agent->synced;
}

short aq_agent_greet_events(const struct aq_channel *channel)
{
    const struct aq_agent *agent = (const struct aq_agent *)channel;
    return POLLIN | (agent->out.length > 0 ? POLLOUT : 0);
}

/* --- calls --- */

/* Is the line the answer to a greeting that was repeated while the guest started? Newer agents complain of
   the sentinel before they answer the sync behind it; what is asked for here is always JSON, so that no such
   complaint is about a call. */
static bool answers_greeting(const struct aq_agent *agent, size_t length)
{
    static const char complaint[] = "JSON parse error, stray";
    return agent->in.data[0] == SENTINEL || length == 0 ||
           (length < SYNC_ANSWER_MAX && memmem(agent->in.data, length, "\"error\"", 7) != NULL &&
            memmem(agent->in.data, length, complaint, sizeof complaint - 1) != NULL);
}

/* The next line that is not a late answer to a sync: its length without the end, 0 none yet, -1. *late counts
   those. */
static ssize_t next_line(struct aq_agent *agent, unsigned *late, struct aq_error *err)
{
    for (;;) {
        size_t length = line_length(agent);
        if (length == 0 && agent->in.length > agent->answer_limit)
            return fail_answer(err, "is longer than what was asked for can be");
        if (length == 0)
            return 0;
        if (length - 1 > agent->answer_limit)
            return fail_answer(err, "is longer than what was asked for can be");
        if (!answers_greeting(agent, length - 1))
            return (ssize_t)length - 1;
        if (++*late > LATE_MAX)
            return fail_answer(err, "does not come, but what was not asked for comes without end");
        drop_input(agent, length);
    }
}

static int fail_late(bool silent, struct aq_error *err)
{
    if (silent)
        return aq_fail(err, AQ_E_AGENT_DEAD, "the guest agent has not answered for %d s",
                       AQ_AGENT_CALL_MS / 1000);
    return aq_fail(err, AQ_E_TIMEOUT, "the guest agent did not answer within the timeout");
}

static int wait_for_line(struct aq_agent *agent, aq_deadline deadline, ssize_t *length, struct aq_error *err)
{
    aq_deadline patience = aq_after_ms(AQ_AGENT_CALL_MS);
    aq_deadline until = deadline < patience ? deadline : patience;
    for (unsigned late = 0;;) {
        if (flush(agent, err) < 0 || (*length = next_line(agent, &late, err)) < 0)
            return -1;
        if (*length > 0)
            return 0;
        if (aq_ms_left(until) == 0) /* whatever else it sends meanwhile */
            return fail_late(until != deadline, err);
        if (aq_wait_fd(agent->base.port.fd, aq_agent_greet_events(&agent->base), until, err) < 0 ||
            fill(agent, err) < 0)
            return -1;
    }
}

static int fail_as_agent_says(const char *command, const json_t *error, struct aq_error *err)
{
    char text[256];
    const char *class = aq_json_text(error, "class", "");
    const char *description = aq_json_text(error, "desc", "no reason given");
    aq_guest_printable(description, strlen(description), text);
    if (strcmp(class, "CommandNotFound") == 0 || strstr(text, "has been disabled") != NULL)
        return aq_fail(err, AQ_E_AGENT_REFUSED, "the guest agent does not allow %s: %s", command, text);
    bool absent =
        strstr(text, "No such file or directory") != NULL || strstr(text, "Not a directory") != NULL;
    return aq_fail(err, absent ? AQ_E_GUEST_FILE_NOT_FOUND : AQ_E_GUEST_REFUSED, "in the guest: %s: %s",
                   command, text);
}

/* An error that leaves the conversation in order: the agent has answered, with a no. */
static json_t *take_answer(struct aq_agent *agent, const char *command, size_t length, struct aq_error *err)
{
    aq_autojson json_t *answer = parse_line(agent->in.data, length, err);
    drop_input(agent, length + 1);
    if (answer == NULL) {
        aq_agent_leave(agent);
        return NULL;
    }
    json_t *result = json_object_get(answer, "return");
    if (result != NULL)
        return json_incref(result);
    if (json_is_object(json_object_get(answer, "error"))) {
        fail_as_agent_says(command, json_object_get(answer, "error"), err);
        return NULL;
    }
    aq_agent_leave(agent);
    fail_answer(err, "holds neither a result nor an error");
    return NULL;
}

json_t *aq_agent_call(struct aq_agent *agent, const char *command, json_t *arguments, size_t answer_limit,
                      aq_deadline deadline, struct aq_error *err)
{
    ssize_t length;
    aq_deadline soon = aq_after_ms(AQ_GREET_MS);
    agent->answer_limit = answer_limit;
    if (!agent->synced && aq_channel_ready(&agent->base, deadline < soon ? deadline : soon, err) < 0) {
        json_decref(arguments);
        return NULL;
    }
    queue_call(agent, command, arguments);
    if (wait_for_line(agent, deadline, &length, err) < 0) {
        aq_agent_leave(agent);
        return NULL;
    }
    return take_answer(agent, command, (size_t)length, err);
}

void aq_agent_send_blindly(struct aq_agent *agent, const char *command, json_t *arguments)
{
    struct aq_error ignored = {0};
    aq_agent_leave(agent);
    aq_buffer_add_char(&agent->out, SENTINEL);
    queue_call(agent, command, arguments);
    flush(agent, &ignored);
    aq_agent_leave(agent);
}
