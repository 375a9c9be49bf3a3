/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/tree_copy.h"
#include "util/random.h"
#include "util/tree_place.h"
#include "verbs/call_guest.h"
#include "verbs/copy_tree.h"
#include "verbs/vm_fields.h"
#include "vm/halt.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"remote", AQ_TYPE_GUEST_PATH, .required = true, .aliases = "source",
     .meaning = "a file of the guest; with recursive a folder"},
    {"local", AQ_TYPE_PATH, .required = true, .aliases = "target destination",
     .meaning =
         "where to on the host; a file goes into a folder that is there under its own name. With recursive "
         "the folder itself, unless it ends with /"},
    AQ_PARAM_RECURSIVE,
    {"links", AQ_TYPE_CHOICE, .choices = "inside|all", .fallback = "inside",
     .meaning = "with recursive: which links to make: those that lead to something in the folder, or all"},
    {"mode", AQ_TYPE_MODE,
     .meaning =
         "a file's permissions on the host; unless given as in the guest, but writable for nobody else"},
    {"max_size", AQ_TYPE_SIZE, .fallback = "64G", .min = 1, .meaning = "what is larger is refused"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "1h", .meaning = "how long it may take"},
    AQ_PARAM_METHOD,
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"}, {"TARGET", "where it is on the host"},
    AQ_METHOD_FIELDS,        {"BYTES", "how many bytes it has, all files together"},
    AQ_COPY_TREE_FIELDS,     {NULL},
};

const struct aq_verb aq_verb_copy_from = {
    .name = "copy_from",
    .group = "Guests",
    .summary = "Copy a file or a folder out of a guest",
    .details =
        "What arrived is checked against what was sent; a file appears under its name whole, or not at all. "
        "With `recursive` a folder comes with all that is in it: where there is none yet it appears whole, "
        "and "
        "a folder that is there is joined with it. Nothing in it can reach beyond that folder: links are "
        "copied "
        "as links, never followed, and those that lead out are left out, as are devices, fifos and sockets. "
        "What comes belongs to you, without set-id bits, and is writable for nobody else.",
    .params = params,
    .sets = sets,
    .example = "copy_from vm=web remote=/var/log/app.log local=app.log",
    .run = run,
};

/* A file on its way to its name: beside it under a name of its own, until it is whole. */
struct arrival {
    int folder, file;
    char *path; /* the final one, for messages */
    char *name; /* of that, in the folder */
    char temporary[40];
    bool done;
};

#define ARRIVAL_NONE                                                                                         \
    {                                                                                                        \
        .folder = -1, .file = -1                                                                             \
    }

static void arrival_close(struct arrival *arrival)
{
    if (arrival->file >= 0 && !arrival->done)
        unlinkat(arrival->folder, arrival->temporary, 0);
    aq_cleanup_close(&arrival->file);
    aq_cleanup_close(&arrival->folder);
    free(arrival->path);
    free(arrival->name);
}

static int arrival_open(const char *local, const char *remote, struct arrival *arrival, struct aq_error *err)
{
    struct stat st;
    const char *slash = strrchr(remote, '/');
    bool into_folder = local[strlen(local) - 1] == '/' || (stat(local, &st) == 0 && S_ISDIR(st.st_mode));
    arrival->path = into_folder
                        ? aq_format("%s%s%s", local, local[strlen(local) - 1] == '/' ? "" : "/", slash + 1)
                        : aq_strdup(local);
    aq_autofree char *for_folder = aq_strdup(arrival->path);
    aq_autofree char *for_name = aq_strdup(arrival->path);
    arrival->name = aq_strdup(basename(for_name));
    if (!into_folder && lstat(local, &st) == 0 && !S_ISREG(st.st_mode))
        return aq_fail(err, AQ_E_FILE_KIND, "%s is there and not a regular file; it will not be replaced",
                       local);
    arrival->folder = open(dirname(for_folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (arrival->folder < 0)
        return aq_fail_errno(err, errno == ENOENT ? AQ_E_FILE_NOT_FOUND : AQ_E_IO, errno,
                             "cannot open the folder that %s is to go into", arrival->path);
    char part[11];
    snprintf(arrival->temporary, sizeof arrival->temporary, ".address-qemu.%s.tmp",
             aq_random_name(part, sizeof part));
    arrival->file =
        openat(arrival->folder, arrival->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return arrival->file >= 0 ? 0
                              : aq_fail_errno(err, AQ_E_IO, errno, "cannot write beside %s", arrival->path);
}

static int arrival_publish(struct arrival *arrival, mode_t mode, struct aq_error *err)
{
    if (fchmod(arrival->file, mode & 0777) < 0 || fsync(arrival->file) < 0 ||
        renameat(arrival->folder, arrival->temporary, arrival->folder, arrival->name) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot put %s in its place", arrival->path);
    arrival->done = true;
    return 0;
}

static int copy_file(struct aq_call *call, struct aq_error *err)
{
    const char *remote = aq_arg_text(call, "remote");
    aq_cleanup(arrival_close) struct arrival arrival = ARRIVAL_NONE;
    aq_autocallguest struct aq_call_guest guest = AQ_CALL_GUEST_NONE;
    if (aq_call_guest_find(call, &guest, err) < 0 ||
        arrival_open(aq_arg_text(call, "local"), remote, &arrival, err) < 0 ||
        aq_call_guest_open(call, &guest, err) < 0)
        return -1;
    const struct aq_guest_get get = {
        .path = remote,
        .fd = arrival.file,
        .limit = (uint64_t)aq_arg_number(call, "max_size"),
        .deadline = aq_after_ms(aq_arg_number(call, "timeout")),
    };
    struct aq_guest_file file = {0};
    if (aq_channel_get(guest.guest.channel, &get, &file, err) < 0) {
        aq_vm_blame_halt(&guest.vm, err);
        return -1;
    }
    mode_t mode = aq_arg_given(call, "mode") ? (mode_t)aq_arg_number(call, "mode") : file.mode & 0755;
    if (arrival_publish(&arrival, mode, err) < 0)
        return -1;
    aq_result_set_text(call->result, "TARGET", arrival.path);
    aq_result_set_int(call->result, "BYTES", (int64_t)file.size);
    aq_result_say(call->result, "copied %s:%s to %s (%llu bytes)", guest.vm.name, remote, arrival.path,
                  (unsigned long long)file.size);
    aq_say_method(call->result, &guest.guest);
    return 0;
}

/* A local path that ends with a slash is a folder that it goes into, under its own name. */
static char *target_path(const char *remote, const char *local)
{
    size_t length = strlen(remote);
    while (length > 1 && remote[length - 1] == '/')
        length--;
    const char *slash = memrchr(remote, '/', length);
    bool folder = local[strlen(local) - 1] == '/';
    return aq_format("%s%.*s", local, folder ? (int)(remote + length - (slash + 1)) : 0, slash + 1);
}

static int copy_folder(struct aq_call *call, struct aq_error *err)
{
    const char *remote = aq_arg_text(call, "remote");
    aq_autofree char *path = target_path(remote, aq_arg_text(call, "local"));
    aq_cleanup(aq_tree_counts_free) struct aq_tree_counts counts = {0};
    aq_autotreeplace struct aq_tree_place place = AQ_TREE_PLACE_NONE;
    aq_autocallguest struct aq_call_guest guest = AQ_CALL_GUEST_NONE;
    if (aq_call_guest_find(call, &guest, err) < 0 || aq_tree_place_open(path, &place, err) < 0 ||
        aq_call_guest_open(call, &guest, err) < 0)
        return -1;
    aq_autotreeunpack struct aq_tree_unpack *unpack =
        aq_tree_unpack_open(place.folder, strcmp(aq_arg_text(call, "links"), "all") == 0,
                            (uint64_t)aq_arg_number(call, "max_size"), &counts);
    const struct aq_guest_tree_get get = {
        .path = remote, .unpack = unpack, .deadline = aq_after_ms(aq_arg_number(call, "timeout"))};
    if (aq_guest_tree_get(guest.guest.channel, &get, err) < 0 || aq_tree_place_publish(&place, err) < 0)
        return -1;
    aq_autofree char *from = aq_format("%s:%s", guest.vm.name, remote);
    aq_result_set_text(call->result, "TARGET", path);
    aq_set_tree_fields(call->result, &counts, from, path);
    aq_say_method(call->result, &guest.guest);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    if (!aq_arg_bool(call, "recursive"))
        return copy_file(call, err);
    if (aq_arg_given(call, "mode"))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "mode of copy_from is for a file; with recursive everything keeps its own");
    return copy_folder(call, err);
}
