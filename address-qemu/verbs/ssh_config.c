/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>

#include "util/files.h"
#include "verbs/ssh_fields.h"
#include "verbs/vm_fields.h"
#include "vm/guest.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"file", AQ_TYPE_PATH, .meaning = "write it there too, for `ssh -F FILE VM`"},
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name, which ssh knows it by with this configuration"},
    AQ_SSH_FIELDS,
    {"KNOWN_HOSTS", "the file that holds its host keys"},
    {"COMMAND",
     "a command line for a shell that does without the configuration; a remote command may follow"},
    {NULL},
};

const struct aq_verb aq_verb_ssh_config = {
    .name = "ssh_config",
    .group = "Guests",
    .summary = "Show how ssh itself gets into a VM",
    .details =
        "QEMU_OUTPUT is a block for ssh's configuration, with the host key pinned and strictly checked. "
        "The way is prepared and tried before it is shown. It holds until the VM is started anew, when "
        "another port may be forwarded.",
    .params = params,
    .sets = sets,
    .example = "ssh_config web file=web.ssh",
    .run = run,
};

/* A path as ssh's configuration reads it: % begins something to be replaced. */
static void add_path(struct aq_buffer *text, const char *path)
{
    aq_buffer_add_char(text, '"');
    for (; *path != '\0'; path++) {
        if (*path == '%')
            aq_buffer_add_char(text, '%');
        aq_buffer_add_char(text, *path);
    }
    aq_buffer_add_char(text, '"');
}

/* The lines of the configuration that are not about names. */
static void add_options(struct aq_buffer *text, const struct aq_vm *vm, const struct aq_ssh_target *target,
                        const char *known_hosts, const char *before, const char *after)
{
    const struct {
        const char *name, *value;
        bool path;
    } options[] = {
        {"IdentityFile", target->key_file, true},
        {"IdentitiesOnly", "yes", false},
        {"UserKnownHostsFile", known_hosts, true},
        {"GlobalKnownHostsFile", "/dev/null", false},
        {"HostKeyAlias", vm->id, false},
        {"StrictHostKeyChecking", "yes", false},
        {"CheckHostIP", "no", false},
        {"PasswordAuthentication", "no", false},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        aq_buffer_format(text, "%s%s ", before, options[i].name);
        if (options[i].path)
            add_path(text, options[i].value);
        else
            aq_buffer_add_text(text, options[i].value);
        aq_buffer_add_text(text, after);
    }
}

static void add_shell_word(struct aq_buffer *line, const char *word)
{
    aq_buffer_add_text(line, " '");
    for (; *word != '\0'; word++)
        aq_buffer_format(line, *word == '\'' ? "'\\''" : "%c", *word);
    aq_buffer_add_char(line, '\'');
}

static void make_command(struct aq_buffer *line, const struct aq_vm *vm, const struct aq_ssh_target *target,
                         const char *known_hosts)
{
    aq_autobuffer struct aq_buffer options = {0};
    add_options(&options, vm, target, known_hosts, "", "\n");
    aq_buffer_format(line, "ssh -F none -p %u -l %s", target->address.port, target->user);
    char *rest = options.data;
    for (char *option = strtok_r(options.data, "\n", &rest); option != NULL;
         option = strtok_r(NULL, "\n", &rest)) {
        aq_buffer_add_text(line, " -o");
        add_shell_word(line, option);
    }
    aq_buffer_format(line, " %s", target->address.host);
}

static int write_file(const char *path, const struct aq_buffer *text, struct aq_error *err)
{
    aq_autofree char *for_folder = aq_strdup(path), *for_name = aq_strdup(path);
    aq_autoclose int folder = open(dirname(for_folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return aq_fail_errno(err, errno == ENOENT ? AQ_E_FILE_NOT_FOUND : AQ_E_IO, errno,
                             "cannot open the folder that %s is to go into", path);
    return aq_replace_file_at(folder, basename(for_name), text->data, text->length, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 || aq_run_need(&vm, &run, err) < 0 ||
        aq_run_need_awake(&vm, &run, err) < 0)
        return -1;
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    aq_autofree char *known_hosts = aq_vm_path(vm.name, AQ_VM_KNOWN_HOSTS, err);
    if (known_hosts == NULL ||
        aq_guest_open(&vm, AQ_METHOD_SSH, aq_ready_deadline(call, &run), &guest, err) < 0)
        return -1;

    const struct aq_ssh_target *target = &guest.target;
    aq_autobuffer struct aq_buffer text = {0}, line = {0};
    aq_buffer_format(&text, "Host %s\n  HostName %s\n  Port %u\n  User %s\n", vm.name, target->address.host,
                     target->address.port, target->user);
    add_options(&text, &vm, target, known_hosts, "  ", "\n");
    make_command(&line, &vm, target, known_hosts);
    if (aq_arg_given(call, "file") && write_file(aq_arg_text(call, "file"), &text, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_set_ssh_fields(call->result, target);
    aq_result_set_text(call->result, "KNOWN_HOSTS", known_hosts);
    aq_result_set_text(call->result, "COMMAND", line.data);
    aq_result_say(call->result, "%.*s", (int)text.length - 1, text.data); /* whoever shows it ends the line */
    return 0;
}
