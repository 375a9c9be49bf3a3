/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util/files.h"
#include "verbs/call_guest.h"
#include "verbs/checkpoints.h"
#include "verbs/guest_command.h"
#include "verbs/guest_script.h"
#include "verbs/vm_fields.h"
#include "vm/guest_runner.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"script", AQ_TYPE_TEXT, .meaning = "the script itself; this or `script_file`"},
    {"script_file", AQ_TYPE_PATH, .source = AQ_SOURCE_SCRIPT, .aliases = "file",
     .meaning = "a script on the host"},
    {"args", AQ_TYPE_TEXT, .meaning = "its argument string, for PARSE ARG"},
    {"timeout", AQ_TYPE_MILLISECONDS, .fallback = "1h", .min = 1,
     .meaning = "how long it may run; then it and all it started is ended. A bare number is milliseconds"},
    {"rexx", AQ_TYPE_GUEST_PATH,
     .meaning =
         "the interpreter in the guest to run it with; ours, brought if it is not there, unless given"},
    {"stream", AQ_TYPE_BOOLEAN, .fallback = "true", .meaning = "show the script's output as it comes"},
    AQ_PARAM_METHOD,
    AQ_CHECKPOINT_PARAMS,
    AQ_PARAM_MAX_OUTPUT,
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"}, AQ_METHOD_FIELDS,     {"BINARY", "the interpreter in the guest that ran it"},
    AQ_GUEST_COMMAND_FIELDS, AQ_CHECKPOINT_FIELDS, {NULL},
};

const struct aq_verb aq_verb_execute_rexx = {
    .name = "execute_rexx",
    .group = "Guests",
    .summary = "Run a REXX script in a guest",
    .details =
        "Our static `rexx` is brought into the guest unless this very version is there. The script runs as "
        "`rexx FILE` does: plain REXX or RexxJS style, its exit code other than 0 is RC 7. A header in it "
        "says nothing here: the VM is the one that is named.",
    .params = params,
    .sets = sets,
    .example = "execute_rexx vm=web script_file=report.rexx args='of today'",
    .run = run,
};

/* The script's text as a file. */
static int file_of_text(const char *text, struct aq_error *err)
{
    aq_autoclose int file = memfd_create("script", MFD_CLOEXEC);
    if (file < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep the script");
    if (aq_write_all(file, text, strlen(text), err) < 0)
        return -1;
    return aq_steal_fd(&file);
}

static int open_script(const struct aq_call *call, const char **name, struct aq_error *err)
{
    const char *text = aq_arg_text(call, "script"), *path = aq_arg_text(call, "script_file");
    if ((text != NULL) == (path != NULL))
        return aq_fail(
            err, text != NULL ? AQ_E_VALUE_INVALID : AQ_E_KEY_MISSING,
            "execute_rexx takes either script (its text) or script_file, and one of them is needed");
    if (text != NULL) {
        *name = "script.rexx";
        return file_of_text(text, err);
    }
    const char *slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    return aq_script_open(path, err);
}

/* What runs it, in the guest: the user's choice, or our runner, which is made sure of. */
static int find_rexx(struct aq_call *call, struct aq_call_guest *guest, struct aq_guest_runner *runner,
                     const char **rexx, struct aq_error *err)
{
    *rexx = aq_arg_text(call, "rexx");
    if (*rexx != NULL)
        return 0;
    bool chosen = strcmp(aq_arg_text(call, "method"), "auto") != 0;
    if (aq_guest_need_runner(&guest->vm, chosen, &guest->guest, runner, err) < 0)
        return -1;
    aq_set_method(call->result, &guest->guest);
    *rexx = runner->path;
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = NULL;
    struct aq_guest_runner runner = {0};
    aq_autocallguest struct aq_call_guest guest = AQ_CALL_GUEST_NONE;
    aq_cleanup(aq_guest_script_free) struct aq_guest_script script = {
        .args = aq_arg_text(call, "args"), .timeout_ms = aq_arg_number(call, "timeout")};
    if (aq_checkpoints_check(call, err) < 0)
        return -1;
    aq_autoclose int file = open_script(call, &name, err);
    if (file < 0 || aq_call_guest_open(call, &guest, err) < 0 ||
        find_rexx(call, &guest, &runner, &script.rexx, err) < 0 ||
        aq_guest_script_place(guest.guest.channel, file, name, &script, err) < 0)
        return -1;
    script.vm = &guest.vm;
    aq_result_set_text(call->result, "BINARY", script.rexx);
    return aq_guest_script_run(call, guest.guest.channel, &script, err);
}
