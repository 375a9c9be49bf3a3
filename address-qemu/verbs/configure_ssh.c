/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "util/files.h"
#include "verbs/ssh_fields.h"
#include "verbs/vm_fields.h"
#include "vm/guest.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"host", AQ_TYPE_TEXT,
     .meaning =
         "where its SSH server is reached; unless given, the port of 127.0.0.1 that is forwarded to it"},
    {"port", AQ_TYPE_PORT, .meaning = "the server's port; 22 unless given"},
    {"user", AQ_TYPE_TEXT, .meaning = "who to log in as; root unless given"},
    {"key_file", AQ_TYPE_PATH, .meaning = "a private key that opens it; the store's own unless given"},
    {"host_key", AQ_TYPE_TEXT,
     .meaning = "the fingerprint of the host key that it has to show, SHA256:… as ssh-keygen -l has it"},
    {"host_key_file", AQ_TYPE_PATH,
     .meaning = "a file with its host keys and nobody else's: a .pub file, or lines of known_hosts"},
    {"trust", AQ_TYPE_CHOICE, .choices = "guest|first",
     .meaning =
         "where its host keys are known from: `guest` reads them through the helper or the agent, again "
         "if need be; `first` takes the one that the server shows now, whoever it is"},
    {"reset", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "forget first what was configured before; host keys that are pinned stay"},
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    AQ_SSH_FIELDS,
    {"TRUST", "where the host keys are known from now: `guest`, `given`, `first`, `before`, or `none` yet"},
    {NULL},
};

const struct aq_verb aq_verb_configure_ssh = {
    .name = "configure_ssh",
    .group = "Guests",
    .summary = "Say how a VM is entered through SSH, and who it is",
    .details =
        "Nothing has to be configured for a VM that has our helper or the guest agent: its host keys are "
        "read "
        "through that, and the store's key is let in. What is given is kept in the VM's record; an empty "
        "value "
        "is as if nothing were. A server whose host key is not known, or another than it should be, is never "
        "spoken to. See [SSH](ssh.md).",
    .params = params,
    .sets = sets,
    .example = "configure_ssh vm=web user=admin key_file=~/.ssh/id_ed25519",
    .run = run,
};

enum { KEYS_MAX = 64 * 1024 };

/* It becomes part of messages and of ssh's configuration; never of a command line. */
static int check_word(const char *what, const char *text, const char *more, struct aq_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (strchr(plain, text[i]) == NULL && strchr(more, text[i]) == NULL)
            length = 0;
    if (text[0] == '\0' || (length > 0 && length <= 253 && text[0] != '-'))
        return 0;
    return aq_fail(err, AQ_E_VALUE_INVALID, "%s of configure_ssh cannot be \"%.200s\"", what, text);
}

static int check(const struct aq_call *call, struct aq_error *err)
{
    const char *host = aq_arg_text(call, "host"), *user = aq_arg_text(call, "user");
    const char *host_key = aq_arg_text(call, "host_key");
    if ((host != NULL && check_word("host", host, ":%", err) < 0) ||
        (user != NULL && check_word("user", user, "@+", err) < 0))
        return -1;
    if (host_key != NULL && host_key[0] != '\0' && !aq_ssh_is_fingerprint(host_key))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "host_key of configure_ssh has to be a fingerprint SHA256:… of 43 characters, but is "
                       "\"%.200s\"; a whole key goes into a file, for host_key_file",
                       host_key);
    int ways =
        aq_arg_given(call, "host_key") + aq_arg_given(call, "host_key_file") + aq_arg_given(call, "trust");
    return ways < 2 ? 0
                    : aq_fail(err, AQ_E_VALUE_INVALID,
                              "host_key, host_key_file and trust of configure_ssh exclude each other");
}

/* Puts the new value in place of the old one. */
static void replace(const struct aq_call *call, const char *name, char **value)
{
    if (!aq_arg_given(call, name))
        return;
    free(*value);
    *value = aq_strdup(aq_arg_text(call, name));
}

static int merge(const struct aq_call *call, struct aq_vm_ssh *ssh, struct aq_error *err)
{
    if (aq_arg_bool(call, "reset"))
        aq_vm_ssh_free(ssh);
    replace(call, "host", &ssh->host);
    replace(call, "user", &ssh->user);
    replace(call, "host_key", &ssh->host_key);
    if (aq_arg_given(call, "port"))
        ssh->port = (uint16_t)aq_arg_number(call, "port");
    if (!aq_arg_given(call, "key_file"))
        return 0;
    free(ssh->key_file);
    ssh->key_file = aq_absolute_path(aq_arg_text(call, "key_file"), err);
    return ssh->key_file != NULL ? 0 : -1;
}

static int read_key_file(const char *path, struct aq_strings *pins, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_autoclose int file = aq_open_input(path, err);
    if (file < 0)
        return -1;
    ssize_t got;
    while ((got = read(file, aq_buffer_room(&text, 4096), 4096)) > 0 && text.length < KEYS_MAX)
        text.length += (size_t)got;
    int found = aq_ssh_pins_add(pins, aq_buffer_text(&text), text.length, err);
    if (found == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID, "there is no host key in %s", path);
    return found < 0 ? -1 : 0;
}

/* Writes the record, and pins what was given. Under the VM's lock, which the way into the guest does without.
 */
static int note(const struct aq_call *call, const struct aq_strings *pins, struct aq_vm *vm,
                struct aq_error *err)
{
    const char *name = aq_arg_text(call, "vm");
    static const struct aq_strings none;
    aq_autoclose int lock = aq_vm_lock(name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0 || aq_vm_load(name, vm, err) < 0 || merge(call, &vm->ssh, err) < 0 ||
        aq_vm_note_ssh(lock, vm, &vm->ssh, err) < 0)
        return -1;
    if (pins->count > 0)
        return aq_vm_ssh_pin(vm, pins, err);
    return aq_arg_given(call, "host_key") ? aq_vm_ssh_pin(vm, &none, err) : 0;
}

/* What the guest itself says; a guest that cannot be asked is no failure unless it was to be asked. */
static int ask_guest(const struct aq_call *call, const struct aq_vm *vm, const struct aq_run *run,
                     const char **trust, struct aq_error *err)
{
    struct aq_error why = {0};
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    aq_deadline deadline = aq_ready_deadline(call, run);
    if (aq_guest_open(vm, AQ_METHOD_PORTS, deadline, &guest, &why) == 0 &&
        aq_vm_ssh_prepare(vm, guest.channel, deadline, &why) == 0) {
        *trust = "guest";
        return 0;
    }
    if (aq_arg_given(call, "trust") || aq_error_rc(why.code) == AQ_RC_INTERRUPTED)
        return aq_fail(err, why.code, "%s", why.text);
    return 0;
}

static int settle_trust(const struct aq_call *call, const struct aq_vm *vm, const struct aq_run *run,
                        const char **trust, struct aq_error *err)
{
    const char *wish = aq_arg_text(call, "trust");
    *trust = aq_vm_ssh_is_known(vm) ? "before" : "none";
    if (aq_arg_given(call, "host_key") || aq_arg_given(call, "host_key_file")) {
        *trust = "given";
        return 0;
    }
    if (run == NULL)
        return wish == NULL
                   ? 0
                   : aq_fail(err, AQ_E_VM_NOT_RUNNING,
                             "the VM %s is stopped; what is known of it cannot be asked now", vm->name);
    if (wish == NULL || strcmp(wish, "guest") == 0)
        return wish == NULL && aq_vm_ssh_is_known(vm) ? 0 : ask_guest(call, vm, run, trust, err);
    if (aq_vm_ssh_trust(vm, run, aq_ready_deadline(call, run), err) < 0)
        return -1;
    *trust = "first";
    return 0;
}

static void say(aq_result *result, const struct aq_vm *vm, const struct aq_ssh_target *target,
                const char *trust)
{
    char fingerprint[AQ_SSH_FINGERPRINT] = "";
    const char *key = target->pins.count > 0 ? aq_ssh_pin_fingerprint(target->pins.items[0], fingerprint)
                                             : target->fingerprint;
    aq_result_say(result, "%s is entered through SSH as %s at %s, port %u", vm->name, target->user,
                  target->address.host, target->address.port);
    if (strcmp(trust, "none") == 0)
        aq_result_say_more(result, "; its host key is not known yet and will be read when its guest answers");
    else if (strcmp(trust, "first") == 0)
        aq_result_say_more(result, "; the host key %s was taken from the server on first sight, unchecked",
                           key);
    else
        aq_result_say_more(result, "; its host key is %s", key);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    aq_autostrings struct aq_strings pins = {0};
    struct aq_run run = {0};
    aq_cleanup(aq_vm_ssh_target_free) struct aq_ssh_target target = {0};
    const char *file = aq_arg_text(call, "host_key_file"), *trust;
    if (check(call, err) < 0 || (file != NULL && read_key_file(file, &pins, err) < 0) ||
        note(call, &pins, &vm, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running < 0 || settle_trust(call, &vm, running > 0 ? &run : NULL, &trust, err) < 0)
        return -1;
    struct aq_error nowhere = {0};
    aq_vm_ssh_target(&vm, &run, &target, &nowhere); /* a stopped VM has no port yet */
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_set_text(call->result, "TRUST", trust);
    aq_set_ssh_fields(call->result, &target);
    say(call->result, &vm, &target, trust);
    return 0;
}
