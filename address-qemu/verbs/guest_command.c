/* SPDX-License-Identifier: MIT */
#include "verbs/guest_command.h"
#include "vm/halt.h"

#include <inttypes.h>
#include <string.h>

enum { TAIL = 1024 };

static void stream_on(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    aq_stream_output(data, stream, bytes, length);
}

static void set_fields(aq_result *result, const struct aq_guest_exit *exit, int64_t started)
{
    bool truncated = exit->output_length > exit->output.length || exit->errors_length > exit->errors.length;
    aq_result_set_bytes(result, "STDOUT", aq_buffer_text(&exit->output), exit->output.length);
    aq_result_set_bytes(result, "STDERR", aq_buffer_text(&exit->errors), exit->errors.length);
    aq_result_lines(result, "STDOUT_LINES", aq_buffer_text(&exit->output), exit->output.length);
    aq_result_lines(result, "STDERR_LINES", aq_buffer_text(&exit->errors), exit->errors.length);
    aq_result_set_bool(result, "TRUNCATED", truncated);
    aq_result_set_int(result, "DURATION", (aq_now() - started) / 1000000);
}

/* The end of what it complained about, from a line's start on. */
static const char *tail(const struct aq_buffer *errors)
{
    const char *text = aq_buffer_text(errors);
    if (errors->length <= TAIL)
        return text;
    const char *from = text + errors->length - TAIL;
    const char *line = strchr(from, '\n');
    return line != NULL && line[1] != '\0' ? line + 1 : from;
}

static int failed(const struct aq_guest_exit *exit, struct aq_error *err)
{
    const char *words = tail(&exit->errors);
    int length = (int)strlen(words);
    while (length > 0 && (words[length - 1] == '\n' || words[length - 1] == '\r'))
        length--;
    const char *how = exit->signal != 0 ? "was ended by signal" : "ended with exit code";
    return aq_fail(err, AQ_E_GUEST_COMMAND_FAILED, "the command in the guest %s %d%s%.*s", how,
                   exit->signal != 0 ? exit->signal : exit->exit_code, length != 0 ? ": " : "", length,
                   words);
}

int aq_guest_command(struct aq_call *call, const struct aq_vm *vm, struct aq_channel *channel,
                     struct aq_guest_exec *exec, bool stream, struct aq_error *err)
{
    exec->capture_limit = (size_t)aq_arg_number(call, "max_output");
    exec->on_output = stream ? stream_on : NULL;
    exec->on_output_data = call;
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_deadline started = aq_now();
    int ran = aq_channel_exec(channel, exec, &exit, err);
    set_fields(call->result, &exit, started);
    if (ran < 0) {
        aq_vm_blame_halt(vm, err);
        return -1;
    }
    aq_result_set_int(call->result, "EXIT_CODE", exit.exit_code);
    aq_result_say(call->result, "the command ended with exit code %d; it wrote %" PRIu64 " bytes",
                  exit.exit_code, exit.output_length + exit.errors_length);
    return exit.exit_code == 0 ? 0 : failed(&exit, err);
}
