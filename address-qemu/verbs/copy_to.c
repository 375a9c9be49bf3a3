/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "util/files.h"
#include "verbs/vm_fields.h"
#include "vm/guest.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"local", AQ_TYPE_PATH, .required = true, .aliases = "source", .meaning = "a file of the host"},
    {"remote", AQ_TYPE_GUEST_PATH, .required = true, .aliases = "target destination",
     .meaning = "where to in the guest; a path that ends with / is a folder that it goes into"},
    {"mode", AQ_TYPE_MODE, .meaning = "its permissions in the guest; as on the host unless given"},
    {"owner", AQ_TYPE_TEXT, .meaning = "`user`, `user:group` or `:group` in the guest; root unless given"},
    {"make_folders", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "make the folders above it that are missing"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "1h", .meaning = "how long it may take"},
    {"method", AQ_TYPE_CHOICE, .choices = AQ_METHOD_CHOICES, .fallback = "auto", .meaning = "how to get in"},
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"TARGET", "where the file is in the guest"},
    {"METHOD", "`helper` or `agent`: how it got there"},
    {"BYTES", "how many bytes it has"},
    {NULL},
};

const struct aq_verb aq_verb_copy_to = {
    .name = "copy_to",
    .group = "Guests",
    .summary = "Copy a file into a guest",
    .details = "What arrived is checked against what was sent; the file appears under its name whole, or not "
               "at all.",
    .params = params,
    .sets = sets,
    .example = "copy_to vm=web local=app.conf remote=/etc/app.conf mode=0640 owner=root:daemon",
    .run = run,
};

/* A remote path that ends with a slash is a folder: the file keeps its name in it. */
static char *target_path(const char *local, const char *remote)
{
    const char *slash = strrchr(local, '/');
    bool folder = remote[strlen(remote) - 1] == '/';
    return aq_format("%s%s", remote, !folder ? "" : slash != NULL ? slash + 1 : local);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    const char *local = aq_arg_text(call, "local");
    aq_autoclose int file = aq_open_input(local, err);
    if (file < 0 || aq_vm_load(aq_arg_text(call, "vm"), &vm, err) < 0 || aq_run_need(&vm, &run, err) < 0 ||
        aq_run_need_awake(&vm, &run, err) < 0)
        return -1;
    struct stat st;
    fstat(file, &st);
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    enum aq_method method = aq_method_of(aq_arg_text(call, "method"));
    if (aq_guest_open(&vm, method, aq_ready_deadline(call, &run), &guest, err) < 0)
        return -1;
    aq_autofree char *path = target_path(local, aq_arg_text(call, "remote"));
    const struct aq_guest_put put = {
        .fd = file,
        .path = path,
        .mode = aq_arg_given(call, "mode") ? (mode_t)aq_arg_number(call, "mode") : st.st_mode & 0777,
        .owner = aq_arg_text(call, "owner"),
        .make_folders = aq_arg_bool(call, "make_folders"),
        .deadline = aq_after_ms(aq_arg_number(call, "timeout")),
    };
    if (aq_channel_put(guest.channel, &put, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_set_text(call->result, "TARGET", path);
    aq_result_set_text(call->result, "METHOD", aq_channel_name(guest.channel));
    aq_result_set_int(call->result, "BYTES", st.st_size);
    aq_result_say(call->result, "copied %s to %s:%s (%lld bytes)", local, vm.name, path,
                  (long long)st.st_size);
    return 0;
}
