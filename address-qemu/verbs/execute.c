/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verbs/guest_command.h"
#include "verbs/vm_fields.h"
#include "vm/guest.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"command", AQ_TYPE_TEXT, .required = true, .meaning = "a command line for the guest's /bin/sh"},
    {"timeout", AQ_TYPE_MILLISECONDS, .fallback = "120000", .min = 1,
     .meaning = "how long it may run; then it and all it started is ended. A bare number is milliseconds"},
    {"working_dir", AQ_TYPE_GUEST_PATH, .aliases = "cwd",
     .meaning = "the folder to run it in; / unless given"},
    {"stdin", AQ_TYPE_BYTES, .secret = true, .meaning = "its standard input; none unless given"},
    {"env", AQ_TYPE_TEXT, .secret = true, .repeatable = true,
     .meaning = "NAME=VALUE, added to its environment"},
    AQ_PARAM_METHOD,
    {"stream", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "show its output as it comes"},
    AQ_PARAM_MAX_OUTPUT,
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"}, AQ_METHOD_FIELDS, AQ_GUEST_COMMAND_FIELDS, {NULL}};

const struct aq_verb aq_verb_execute = {
    .name = "execute",
    .aliases = "exec",
    .group = "Guests",
    .summary = "Run a command in a guest",
    .details = "An exit code other than 0 is RC 7, with everything the command wrote in the variables. A "
               "guest that is "
               "still booting is waited for.",
    .params = params,
    .sets = sets,
    .example = "execute vm=web command=\"uname -r\" timeout=5000",
    .run = run,
};

enum { ENVIRONMENT_MAX = 256 };

static int collect_environment(const struct aq_call *call, const char *environment[ENVIRONMENT_MAX + 1],
                               struct aq_error *err)
{
    const char *entry;
    for (size_t i = 0; (entry = aq_arg_nth(call, "env", i)) != NULL; i++) {
        const char *equals = strchr(entry, '=');
        if (equals == NULL || equals == entry)
            return aq_fail(err, AQ_E_VALUE_INVALID, "env of execute has to be NAME=VALUE, but is \"%.200s\"",
                           entry);
        if (i == ENVIRONMENT_MAX)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "more than %d env= are given", ENVIRONMENT_MAX);
        environment[i] = entry;
    }
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *environment[ENVIRONMENT_MAX + 1] = {NULL};
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (collect_environment(call, environment, err) < 0 ||
        aq_vm_load(aq_arg_text(call, "vm"), &vm, err) < 0 || aq_run_need(&vm, &run, err) < 0 ||
        aq_run_need_awake(&vm, &run, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    enum aq_method method = aq_method_of(aq_arg_text(call, "method"));
    if (aq_guest_open(&vm, method, aq_ready_deadline(call, &run), &guest, err) < 0)
        return -1;
    aq_set_method(call->result, &guest);

    const char *const argv[] = {"/bin/sh", "-c", aq_arg_text(call, "command"), NULL};
    struct aq_guest_exec exec = {
        .argv = argv,
        .environment = environment,
        .working_dir = aq_arg_text(call, "working_dir"),
        .deadline = aq_after_ms(aq_arg_number(call, "timeout")),
    };
    exec.input = aq_arg_bytes(call, "stdin", &exec.input_length);
    int ran = aq_guest_command(call, &vm, guest.channel, &exec, aq_arg_bool(call, "stream"), err);
    aq_say_method(call->result, &guest);
    return ran;
}
