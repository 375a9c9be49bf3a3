/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "util/files.h"
#include "verbs/vm_fields.h"
#include "vm/serial.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"user", AQ_TYPE_TEXT, .fallback = "root",
     .meaning = "who logs in there; what is run is run as that user"},
    {"password_file", AQ_TYPE_PATH,
     .meaning = "a file whose first line is the password, open to you alone; it is read when it is needed"},
    {"reset", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "forget it: the console is no way in for `auto` then"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"USER", "who logs in"},
    {"PASSWORD_FILE", "where the password is"},
    {NULL},
};

const struct aq_verb aq_verb_configure_serial = {
    .name = "configure_serial",
    .group = "Guests",
    .summary = "Say who logs in at a VM's serial console",
    .details =
        "For guests that have nothing else: `method=serial` types at the console, and with this said, `auto` "
        "comes down to it when neither our helper nor the agent nor SSH answers. It needs a getty, or a "
        "shell, on "
        "the guest's first serial port; the bases that create_base makes have none.",
    .params = params,
    .sets = sets,
    .example = "configure_serial web user=root password_file=~/.web-root",
    .run = run,
};

/* It is typed at a prompt. */
static int check_user(const char *user, struct aq_error *err)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-@\\";
    if (user[0] != '\0' && user[0] != '-' && strlen(user) <= 64 && user[strspn(user, allowed)] == '\0')
        return 0;
    return aq_fail(err, AQ_E_VALUE_INVALID,
                   "user of configure_serial has to be a login name, but is \"%.100s\"", user);
}

static int settle(const struct aq_call *call, struct aq_vm_console *console, struct aq_error *err)
{
    const char *user = aq_arg_text(call, "user"), *file = aq_arg_text(call, "password_file");
    aq_vm_console_free(console);
    if (aq_arg_bool(call, "reset"))
        return 0;
    if (check_user(user, err) < 0)
        return -1;
    console->user = aq_strdup(user);
    if (file == NULL)
        return 0;
    char *password = aq_serial_password(file, err); /* can it be used? */
    if (password == NULL)
        return -1;
    explicit_bzero(password, strlen(password));
    free(password);
    console->password_file = aq_absolute_path(file, err);
    return console->password_file != NULL ? 0 : -1;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    const char *name = aq_arg_text(call, "vm");
    aq_autoclose int lock = aq_vm_lock(name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0 || aq_vm_load(name, &vm, err) < 0 || settle(call, &vm.console, err) < 0 ||
        aq_vm_note_console(lock, &vm, &vm.console, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_set_text(call->result, "USER", vm.console.user);
    aq_result_set_text(call->result, "PASSWORD_FILE", vm.console.password_file);
    if (vm.console.user == NULL)
        aq_result_say(call->result, "nobody logs in at the console of %s", vm.name);
    else
        aq_result_say(call->result, "%s logs in at the console of %s", vm.console.user, vm.name);
    return 0;
}
