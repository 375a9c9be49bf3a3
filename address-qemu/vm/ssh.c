/* SPDX-License-Identifier: MIT */
#include "vm/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "guest/ssh_key.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/guest.h"

enum {
    LEARN_SELDOM_MS = 600000, /* how often a guest that is up for long is asked in passing, at most */
    LEARN_PATIENCE_MS = 3000,
    ASK_MS = 20000,
    ASK_AGAIN_MS = 300, /* while it is waited for that the guest makes its keys */
    KEYS_TEXT = 64 * 1024,
};

/* Prints the public host keys of whatever SSH servers there are: OpenSSH's, also at other places that it is
   told of, and dropbear's. */
static const char keys_script[] =
    "for f in /etc/ssh/ssh_host_*_key.pub $(sed -n 's/^[[:space:]]*[Hh][Oo][Ss][Tt][Kk][Ee][Yy][[:space:]]"
    "[[:space:]]*\\([^[:space:]]*\\).*/\\1.pub/p' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf "
    "2>/dev/null); do\n"
    "  [ -s \"$f\" ] && cat \"$f\"\n"
    "done\n"
    "for f in /etc/dropbear/dropbear_*_host_key; do [ -s \"$f\" ] && dropbearkey -y -f \"$f\"; done\n"
    "exit 0\n";

/* Lets the key $1 in, for whoever runs this. */
static const char authorize_script[] = "umask 077; mkdir -p ~/.ssh || exit 1\n"
                                       "f=~/.ssh/authorized_keys\n"
                                       "grep -qsF \"$1\" \"$f\" && exit 0\n"
                                       "[ -s \"$f\" ] && [ -n \"$(tail -c 1 \"$f\")\" ] && echo >>\"$f\"\n"
                                       "printf '%s\\n' \"$1\" >>\"$f\" || exit 1\n"
                                       "command -v restorecon >/dev/null && restorecon -R ~/.ssh\n"
                                       "exit 0\n";

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static const char *user_of(const struct aq_vm *vm)
{
    return is_set(vm->ssh.user) ? vm->ssh.user : AQ_SSH_USER;
}

/* --- the store's key --- */

char *aq_store_ssh_key(struct aq_error *err)
{
    aq_autoclose int folder = aq_open_home_dir("ssh", err);
    if (folder < 0 || aq_ssh_key_ensure(folder, err) < 0)
        return NULL;
    aq_autofree char *home = aq_home_path(err);
    return home != NULL ? aq_format("%s/ssh/" AQ_SSH_KEY, home) : NULL;
}

char *aq_store_ssh_public(struct aq_error *err)
{
    aq_autofree char *path = aq_store_ssh_key(err);
    aq_autofree char *key = path != NULL ? aq_ssh_key_public(path, err) : NULL;
    return key != NULL ? aq_format("%s address-qemu", key) : NULL;
}

/* --- pins --- */

int aq_vm_ssh_pins(const struct aq_vm *vm, struct aq_strings *pins, struct aq_error *err)
{
    aq_autoclose int folder = aq_vm_open(vm->name, err);
    return folder < 0 ? -1 : aq_ssh_pins_read(folder, AQ_VM_KNOWN_HOSTS, pins, err);
}

int aq_vm_ssh_pin(const struct aq_vm *vm, const struct aq_strings *pins, struct aq_error *err)
{
    aq_autoclose int folder = aq_vm_open(vm->name, err);
    return folder < 0 ? -1 : aq_ssh_pins_write(folder, AQ_VM_KNOWN_HOSTS, vm->id, pins, err);
}

int aq_vm_ssh_pin_made(int folder, const struct aq_vm *vm, const struct aq_strings *pins,
                       struct aq_error *err)
{
    return pins->count == 0 ? 0 : aq_ssh_pins_make(folder, AQ_VM_KNOWN_HOSTS, vm->id, pins, err);
}

/* How long ago the guest was looked at for keys; -1: never. `found`: there are pins. */
static int64_t asked_ms_ago(const struct aq_vm *vm, bool *found)
{
    struct aq_error ignored = {0};
    struct stat file;
    aq_autoclose int folder = aq_vm_open(vm->name, &ignored);
    *found = false;
    if (folder < 0 || fstatat(folder, AQ_VM_KNOWN_HOSTS, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    *found = file.st_size > 0;
    return (int64_t)(time(NULL) - file.st_mtime) * 1000;
}

bool aq_vm_ssh_is_known(const struct aq_vm *vm)
{
    bool found;
    asked_ms_ago(vm, &found);
    return found || is_set(vm->ssh.host_key);
}

/* --- the way to the server --- */

/* The forwarded port of this host that leads to the server's; 0 when none does. */
static uint16_t forwarded_port(const struct aq_vm *vm, const struct aq_run *run)
{
    return aq_run_host_port(run, vm->ssh.port != 0 ? vm->ssh.port : AQ_SSH_PORT);
}

static int find_address(const struct aq_vm *vm, const struct aq_run *run, struct aq_ssh_address *address,
                        struct aq_error *err)
{
    bool elsewhere = is_set(vm->ssh.host);
    *address = (struct aq_ssh_address){
        .host = elsewhere ? vm->ssh.host : "127.0.0.1",
        .port = elsewhere ? (vm->ssh.port != 0 ? vm->ssh.port : AQ_SSH_PORT) : forwarded_port(vm, run),
        .forwarded = !elsewhere,
        .booting = aq_guest_is_booting(run),
    };
    if (address->port != 0)
        return 0;
    if (strcmp(vm->network, "none") == 0)
        return aq_fail(err, AQ_E_NO_NETWORK, "the VM %s has no network, so no SSH", vm->name);
    return aq_fail(err, AQ_E_NO_NETWORK,
                   "no port of this host leads to port %u of the VM %s, where its SSH server is said to be",
                   vm->ssh.port, vm->name);
}

int aq_vm_ssh_target(const struct aq_vm *vm, const struct aq_run *run, struct aq_ssh_target *target,
                     struct aq_error *err)
{
    aq_vm_ssh_target_free(target);
    target->name = aq_format("the VM %s", vm->name);
    target->user = aq_strdup(user_of(vm));
    target->machine = run->process;
    if (is_set(vm->ssh.host_key))
        snprintf(target->fingerprint, sizeof target->fingerprint, "%s", vm->ssh.host_key);
    if (find_address(vm, run, &target->address, err) < 0 || aq_vm_ssh_pins(vm, &target->pins, err) < 0)
        return -1;
    target->key_file = is_set(vm->ssh.key_file) ? aq_strdup(vm->ssh.key_file) : aq_store_ssh_key(err);
    return target->key_file != NULL ? 0 : -1;
}

void aq_vm_ssh_target_free(struct aq_ssh_target *target)
{
    free(target->name);
    free(target->user);
    free(target->key_file);
    aq_strings_free(&target->pins);
    *target = (struct aq_ssh_target){0};
}

/* --- what the server itself shows --- */

static int pin_one(const struct aq_vm *vm, const char *pin, struct aq_error *err)
{
    aq_autostrings struct aq_strings pins = {0};
    aq_strings_add(&pins, pin);
    return aq_vm_ssh_pin(vm, &pins, err);
}

int aq_vm_ssh_keep(const struct aq_vm *vm, const struct aq_ssh_target *target,
                   const struct aq_channel *channel, struct aq_error *err)
{
    return target->pins.count > 0 ? 0 : pin_one(vm, aq_channel_host_key(channel), err);
}

int aq_vm_ssh_trust(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                    struct aq_error *err)
{
    aq_cleanup(aq_vm_ssh_target_free) struct aq_ssh_target target = {0};
    if (aq_vm_ssh_target(vm, run, &target, err) < 0)
        return -1;
    aq_autofree char *shown = aq_ssh_see_host_key(&target, deadline, err);
    return shown != NULL ? pin_one(vm, shown, err) : -1;
}

/* --- what only the helper or the agent can do --- */

static int read_keys(struct aq_channel *channel, aq_deadline deadline, struct aq_strings *pins,
                     struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", keys_script, NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = KEYS_TEXT};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_channel_exec(channel, &exec, &exit, err) < 0)
        return -1;
    return aq_ssh_pins_add(pins, aq_buffer_text(&exit.output), exit.output.length, err);
}

/* A guest that is booting for the first time is about to make them. */
static int await_keys(const struct aq_vm *vm, struct aq_channel *channel, aq_deadline deadline,
                      struct aq_strings *pins, struct aq_error *err)
{
    for (;;) {
        int found = read_keys(channel, deadline, pins, err);
        if (found != 0)
            return found < 0 ? -1 : 0;
        if (aq_ms_left(deadline) == 0)
            return aq_fail(err, AQ_E_SSH_HOST_KEY_UNKNOWN,
                           "the guest of VM %s has no SSH host key in /etc/ssh or /etc/dropbear, so no SSH "
                           "server of the usual kinds",
                           vm->name);
        if (aq_sleep_until(aq_earlier(deadline, aq_after_ms(ASK_AGAIN_MS)), err) < 0)
            return -1;
    }
}

static int authorize(const struct aq_vm *vm, struct aq_channel *channel, aq_deadline deadline,
                     struct aq_error *err)
{
    const char *user = user_of(vm);
    aq_autofree char *key = aq_store_ssh_public(err);
    if (key == NULL)
        return -1;
    aq_autofree char *script = aq_format("set -- '%s'\n%s", key, authorize_script);
    const char *const as_root[] = {"/bin/sh", "-c", script, NULL};
    /* As that user, whose folder may hold links to anywhere. */
    const char *const as_user[] = {"su", "-s", "/bin/sh", "-c", script, user, NULL};
    const struct aq_guest_exec exec = {.argv = strcmp(user, "root") == 0 ? as_root : as_user,
                                       .deadline = deadline,
                                       .capture_limit = KEYS_TEXT};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_channel_exec(channel, &exec, &exit, err) < 0)
        return -1;
    char text[256];
    return exit.exit_code == 0
               ? 0
               : aq_fail(err, AQ_E_GUEST_REFUSED,
                         "in the guest: the store's key cannot be added to ~%s/.ssh/authorized_keys: %s",
                         user, aq_guest_printable(aq_buffer_text(&exit.errors), exit.errors.length, text));
}

int aq_vm_ssh_let_in(const struct aq_vm *vm, struct aq_channel *channel, struct aq_error *err)
{
    return is_set(vm->ssh.key_file) ? 0 : authorize(vm, channel, aq_after_ms(ASK_MS), err);
}

int aq_vm_ssh_prepare(const struct aq_vm *vm, struct aq_channel *channel, aq_deadline deadline,
                      struct aq_error *err)
{
    aq_autostrings struct aq_strings pins = {0};
    deadline = aq_earlier(deadline, aq_after_ms(ASK_MS));
    if (await_keys(vm, channel, deadline, &pins, err) < 0 || aq_vm_ssh_pin(vm, &pins, err) < 0)
        return -1;
    return aq_vm_ssh_let_in(vm, channel, err);
}

void aq_vm_ssh_learn(const struct aq_vm *vm, const struct aq_run *run, struct aq_channel *channel)
{
    bool found;
    struct aq_error ignored = {0};
    aq_autostrings struct aq_strings pins = {0};
    /* What the user has said of the server, or another machine's keys, is not for this guest to say. */
    if (strcmp(vm->network, "none") == 0 || is_set(vm->ssh.host) || is_set(vm->ssh.host_key))
        return;
    int64_t ago = asked_ms_ago(vm, &found), uptime = aq_uptime_ms(run->process.start_time);
    /* Twice as long after the last time as the guest had been up then. */
    if (found || (ago >= 0 && ago < uptime && ago < uptime - ago && ago < LEARN_SELDOM_MS))
        return;
    if (read_keys(channel, aq_after_ms(LEARN_PATIENCE_MS), &pins, &ignored) >= 0)
        aq_vm_ssh_pin(vm, &pins, &ignored);
}
