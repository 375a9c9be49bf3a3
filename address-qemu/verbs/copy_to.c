/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "guest/tree_copy.h"
#include "util/files.h"
#include "verbs/call_guest.h"
#include "verbs/copy_tree.h"
#include "verbs/vm_fields.h"
#include "vm/halt.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"local", AQ_TYPE_PATH, .required = true, .aliases = "source", .meaning = "a file or folder of the host"},
    {"remote", AQ_TYPE_GUEST_PATH, .required = true, .aliases = "target destination",
     .meaning = "where to in the guest; a path that ends with / is a folder that it goes into"},
    AQ_PARAM_RECURSIVE,
    {"mode", AQ_TYPE_MODE, .meaning = "a file's permissions in the guest; as on the host unless given"},
    {"owner", AQ_TYPE_TEXT, .meaning = "`user`, `user:group` or `:group` in the guest; root unless given"},
    {"make_folders", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "make the folders above it that are missing"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "1h", .meaning = "how long it may take"},
    AQ_PARAM_METHOD,
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"}, {"TARGET", "where it is in the guest"},
    AQ_METHOD_FIELDS,        {"BYTES", "how many bytes it has, all files together"},
    AQ_COPY_TREE_FIELDS,     {NULL},
};

const struct aq_verb aq_verb_copy_to = {
    .name = "copy_to",
    .group = "Guests",
    .summary = "Copy a file or a folder into a guest",
    .details =
        "What arrived is checked against what was sent; a file appears under its name whole, or not at all. "
        "With `recursive` a folder comes with all that is in it, modes kept; where there is none yet it "
        "appears whole, and a folder that is there is joined with it. Links are copied as links, never "
        "followed; devices, fifos and sockets are left out.",
    .params = params,
    .sets = sets,
    .example = "copy_to vm=web local=app.conf remote=/etc/app.conf mode=0640 owner=root:daemon",
    .run = run,
};

/* A remote path that ends with a slash is a folder: what is copied keeps its name in it. */
static char *target_path(const char *local, const char *remote)
{
    size_t length = strlen(local);
    while (length > 1 && local[length - 1] == '/')
        length--;
    const char *slash = memrchr(local, '/', length);
    const char *name = slash != NULL && length > 1 ? slash + 1 : local;
    bool folder = remote[strlen(remote) - 1] == '/';
    return aq_format("%s%.*s", remote, folder ? (int)(local + length - name) : 0, name);
}

static int copy_file(struct aq_call *call, int file, const char *path, struct aq_call_guest *guest,
                     struct aq_error *err)
{
    struct stat st;
    uint64_t bytes;
    fstat(file, &st);
    const struct aq_guest_put put = {
        .fd = file,
        .path = path,
        .mode = aq_arg_given(call, "mode") ? (mode_t)aq_arg_number(call, "mode") : st.st_mode & 0777,
        .owner = aq_arg_text(call, "owner"),
        .make_folders = aq_arg_bool(call, "make_folders"),
        .deadline = aq_after_ms(aq_arg_number(call, "timeout")),
        .sent = &bytes,
    };
    if (aq_channel_put(guest->guest.channel, &put, err) < 0) {
        aq_vm_blame_halt(&guest->vm, err);
        return -1;
    }
    aq_result_set_int(call->result, "BYTES", (int64_t)bytes);
    aq_result_say(call->result, "copied %s to %s:%s (%llu bytes)", aq_arg_text(call, "local"), guest->vm.name,
                  path, (unsigned long long)bytes);
    return 0;
}

static int copy_folder(struct aq_call *call, struct aq_tree_pack *pack, const struct aq_tree_counts *counts,
                       const char *path, struct aq_call_guest *guest, struct aq_error *err)
{
    const struct aq_guest_tree_put put = {
        .pack = pack,
        .path = path,
        .owner = aq_arg_text(call, "owner"),
        .make_folders = aq_arg_bool(call, "make_folders"),
        .deadline = aq_after_ms(aq_arg_number(call, "timeout")),
    };
    if (aq_guest_tree_put(guest->guest.channel, &put, err) < 0)
        return -1;
    aq_autofree char *to = aq_format("%s:%s", guest->vm.name, path);
    aq_set_tree_fields(call->result, counts, aq_arg_text(call, "local"), to);
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int check_folder(const struct aq_call *call, bool folder, struct aq_error *err)
{
    const char *local = aq_arg_text(call, "local");
    if (folder && !aq_arg_bool(call, "recursive"))
        return aq_fail(err, AQ_E_FILE_KIND, "%s is a folder; recursive=true copies it with all that is in it",
                       local);
    if (folder && aq_arg_given(call, "mode"))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "mode of copy_to is for a file; in a folder (%s) everything keeps its own", local);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *local = aq_arg_text(call, "local");
    bool folder = is_folder(local);
    aq_cleanup(aq_tree_counts_free) struct aq_tree_counts counts = {0};
    aq_autocallguest struct aq_call_guest guest = AQ_CALL_GUEST_NONE;
    if (check_folder(call, folder, err) < 0)
        return -1;
    aq_autotreepack struct aq_tree_pack *pack = folder ? aq_tree_pack_open(local, &counts, err) : NULL;
    aq_autoclose int file = folder ? -1 : aq_open_input(local, err);
    if ((pack == NULL && file < 0) || aq_call_guest_open(call, &guest, err) < 0)
        return -1;
    aq_autofree char *path = target_path(local, aq_arg_text(call, "remote"));
    if ((folder ? copy_folder(call, pack, &counts, path, &guest, err)
                : copy_file(call, file, path, &guest, err)) < 0)
        return -1;
    aq_result_set_text(call->result, "TARGET", path);
    aq_say_method(call->result, &guest.guest);
    return 0;
}
