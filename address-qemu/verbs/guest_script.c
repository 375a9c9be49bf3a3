/* SPDX-License-Identifier: MIT */
#include "verbs/guest_script.h"

#include <string.h>
#include <sys/stat.h>

#include "util/files.h"
#include "util/random.h"
#include "verbs/checkpoints.h"
#include "verbs/guest_command.h"

enum {
    TRANSFER_MS = 600000,
    REMOVE_MS = 10000,
};

int aq_script_open(const char *path, struct aq_error *err)
{
    struct stat st;
    aq_autoclose int script = aq_open_input(path, err);
    if (script < 0)
        return -1;
    fstat(script, &st);
    if (st.st_size > AQ_SCRIPT_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s has %lld bytes; a script may have %d", path,
                       (long long)st.st_size, AQ_SCRIPT_MAX);
    return aq_steal_fd(&script);
}

/* The script and its folder go when it is done; what it has made stays. */
static void remove_script(struct aq_channel *channel, const char *path)
{
    aq_autofree char *folder = aq_strndup(path, (size_t)(strrchr(path, '/') - path));
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(REMOVE_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    aq_channel_exec(channel, &exec, &exit, &ignored);
    aq_interrupt_release();
}

/* Was it the script that failed, or its caller who ended it, and not the way into the guest? */
static bool guest_is_there(const struct aq_error *err)
{
    return err->code == AQ_E_GUEST_COMMAND_FAILED || err->code == AQ_E_COMMAND_TIMEOUT ||
           err->code == AQ_E_CHECKPOINT_ABORTED || err->code == AQ_E_VALUE_INVALID ||
           err->code == AQ_E_GUEST_FILE_NOT_FOUND || err->code == AQ_E_GUEST_REFUSED ||
           err->code == AQ_E_INTERRUPTED;
}

int aq_guest_script_place(struct aq_channel *channel, int fd, const char *name,
                          struct aq_guest_script *script, struct aq_error *err)
{
    char folder[13];
    script->path = aq_format("/run/address-qemu/%s/%s", aq_random_name(folder, sizeof folder), name);
    const struct aq_guest_put put = {
        .fd = fd,
        .path = script->path,
        .mode = 0700,
        .make_folders = true,
        .deadline = aq_after_ms(TRANSFER_MS),
    };
    int placed = aq_channel_put(channel, &put, err);
    if (placed < 0 && guest_is_there(err))
        remove_script(channel, script->path); /* its folder may be there */
    return placed;
}

int aq_guest_script_run(struct aq_call *call, struct aq_channel *channel, struct aq_guest_script *script,
                        struct aq_error *err)
{
    const char *const argv[] = {script->rexx, script->path, script->args, NULL};
    struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(script->timeout_ms)};
    if (aq_vm_note_provisioned(script->vm, err) < 0)
        return -1;
    struct aq_checkpoints *checkpoints =
        aq_checkpoints_open(call, script->vm, strrchr(script->path, '/') + 1, err);
    if (checkpoints == NULL)
        return -1;
    /* The console has none: there, CHECKPOINT finds no host to answer it. */
    if (strcmp(aq_channel_name(channel), "serial") != 0)
        exec.side = aq_checkpoints_side(checkpoints);
    int ran = aq_guest_command(call, script->vm, channel, &exec, aq_arg_bool(call, "stream"), err);
    aq_checkpoints_close(checkpoints);
    if (ran == 0 || guest_is_there(err))
        remove_script(channel, script->path);
    return ran;
}

void aq_guest_script_free(struct aq_guest_script *script)
{
    free(script->path);
    *script = (struct aq_guest_script){0};
}
