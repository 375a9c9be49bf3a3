/* SPDX-License-Identifier: MIT */
#include "vm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "util/suggest.h"
#include "vm/leftover.h"
#include "vm/record.h"
#include "vm/template.h"

enum {
    RECORD_MAX = 64 * 1024, /* bytes; a record has about 1 KiB */
    LOCK_WAIT_MS = 60000,
};

void aq_vm_ssh_free(struct aq_vm_ssh *ssh)
{
    free(ssh->host);
    free(ssh->user);
    free(ssh->key_file);
    free(ssh->host_key);
    *ssh = (struct aq_vm_ssh){0};
}

void aq_vm_console_free(struct aq_vm_console *console)
{
    free(console->user);
    free(console->password_file);
    *console = (struct aq_vm_console){0};
}

void aq_vm_free(struct aq_vm *vm)
{
    aq_vm_ssh_free(&vm->ssh);
    aq_vm_console_free(&vm->console);
    free(vm->name);
    free(vm->base);
    free(vm->disk);
    aq_parent_free(&vm->parent);
    free(vm->network);
    free(vm->egress);
    free(vm->accel);
    free(vm->created);
    free(vm->iso);
    free(vm->saved);
    free(vm->template);
    free(vm->provisioned);
    free(vm->pending.disk);
    *vm = (struct aq_vm){0};
}

static int not_found(const char *name, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    struct aq_error ignored = {0};
    aq_vm_list(&names, &ignored);
    aq_autofree char *absent = aq_format("there is no VM %s", name);
    aq_fail_unknown(err, AQ_E_VM_NOT_FOUND, absent, name, &names, "`list` shows those there are");
    return -1;
}

int aq_vm_load_at(int vms, const char *name, struct aq_vm *vm, struct aq_error *err)
{
    char path[AQ_NAME_MAX + sizeof "/" AQ_VM_RECORD];
    snprintf(path, sizeof path, "%s/%s", name, AQ_VM_RECORD);
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    if (aq_read_file_at(vms, path, RECORD_MAX, &text, &reason) < 0) {
        if (reason.code == AQ_E_FILE_NOT_FOUND)
            return -2;
        aq_fail(err, reason.code, "%s", reason.text);
        return -1;
    }
    vm->name = aq_strdup(name);
    return aq_vm_from_yaml(&text, vm, err);
}

int aq_vm_load(const char *name, struct aq_vm *vm, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    int result = aq_name_valid(name) ? aq_vm_load_at(vms, name, vm, err) : -2;
    return result == -2 ? not_found(name, err) : result;
}

bool aq_vm_is_saved(const struct aq_vm *vm)
{
    return vm->saved != NULL && vm->saved[0] != '\0';
}

/* Changes one text of the record as it is now, whatever `vm` was when it was read. */
static int note(int lock, const struct aq_vm *vm, size_t member, const char *text, struct aq_error *err)
{
    aq_autovm struct aq_vm now = {.name = aq_strdup(vm->name)};
    aq_autobuffer struct aq_buffer record = {0};
    if (aq_read_file_at(lock, AQ_VM_RECORD, RECORD_MAX, &record, err) < 0 ||
        aq_vm_from_yaml(&record, &now, err) < 0)
        return -1;
    char **changed = (char **)((char *)&now + member);
    free(*changed);
    *changed = aq_strdup(text != NULL ? text : "");
    return aq_vm_write(&now, lock, err);
}

int aq_vm_note_saved(int lock, const struct aq_vm *vm, const char *saved, struct aq_error *err)
{
    return note(lock, vm, offsetof(struct aq_vm, saved), saved, err);
}

int aq_vm_note_provisioned(const struct aq_vm *vm, struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    if (vm->provisioned != NULL && vm->provisioned[0] != '\0')
        return 0;
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    return lock < 0 ? -1 : note(lock, vm, offsetof(struct aq_vm, provisioned), aq_now_text(now), err);
}

int aq_vm_note_ssh(int lock, const struct aq_vm *vm, const struct aq_vm_ssh *ssh, struct aq_error *err)
{
    struct aq_vm changed = *vm; /* as above */
    changed.ssh = *ssh;
    return aq_vm_write(&changed, lock, err);
}

int aq_vm_note_console(int lock, const struct aq_vm *vm, const struct aq_vm_console *console,
                       struct aq_error *err)
{
    struct aq_vm changed = *vm; /* as above */
    changed.console = *console;
    return aq_vm_write(&changed, lock, err);
}

int aq_vm_list(struct aq_strings *names, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    aq_leftovers_sweep(vms);
    return aq_folder_list(vms, names, err);
}

int aq_vm_lock(const char *name, enum aq_lock kind, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    int folder = -1;
    switch (aq_name_valid(name) ? aq_folder_lock(vms, name, kind, LOCK_WAIT_MS, &folder, err)
                                : AQ_LOCK_ABSENT) {
    case AQ_LOCK_HELD:
        return folder;
    case AQ_LOCK_ABSENT:
        return not_found(name, err);
    case AQ_LOCK_BUSY:
        return aq_fail(
            err, AQ_E_VM_BUSY,
            "another process has been at work on the VM %s for over a minute; try again when it is done",
            name);
    default:
        return -1;
    }
}

int aq_vm_open(const char *name, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    int folder =
        aq_name_valid(name) ? openat(vms, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (folder >= 0)
        return folder;
    return errno == ENOENT || !aq_name_valid(name)
               ? not_found(name, err)
               : aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder of VM %s", name);
}

char *aq_vm_path(const char *name, const char *file, struct aq_error *err)
{
    aq_autofree char *home = aq_home_path(err);
    return home != NULL ? aq_format("%s/vms/%s/%s", home, name, file) : NULL;
}

char *aq_vm_disk_path(const struct aq_vm *vm, struct aq_error *err)
{
    return vm->disk[0] == '/' ? aq_strdup(vm->disk) : aq_vm_path(vm->name, vm->disk, err);
}

int aq_vm_open_disk(const struct aq_vm *vm, int folder, struct aq_error *err)
{
    int disk = openat(folder, vm->disk, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (disk >= 0)
        return disk;
    return aq_fail(err, AQ_E_RECORD_INVALID,
                   "the disk of VM %s is gone (%s); `remove name=%s` clears the VM away", vm->name, vm->disk,
                   vm->name);
}

/* What is pending may have happened already. */
static bool stands_on(const struct aq_vm *vm, const void *data)
{
    const struct aq_parent *on = data;
    return aq_parent_same(&vm->parent, on) ||
           (on->kind == AQ_PARENT_LAYER && strcmp(vm->pending.layer, on->name) == 0);
}

/* `strict`: what cannot be read is an error. */
static int visit_all(bool strict, aq_vm_visit *visit, void *data, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    aq_autostrings struct aq_strings all = {0};
    if (vms < 0 || aq_folder_list(vms, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.count; i++) {
        aq_autovm struct aq_vm vm = {0};
        struct aq_error unread = {0};
        int loaded = aq_vm_load_at(vms, all.items[i], &vm, &unread);
        if (loaded == -1 && strict)
            return aq_fail(err, unread.code, "%s", unread.text);
        if (loaded == 0)
            visit(data, &vm);
    }
    return 0;
}

int aq_vm_each(aq_vm_visit *visit, void *data, struct aq_error *err)
{
    return visit_all(false, visit, data, err);
}

struct those {
    bool (*are)(const struct aq_vm *vm, const void *data);
    const void *data;
    struct aq_strings *names;
};

static void add_one(void *data, const struct aq_vm *vm)
{
    struct those *those = data;
    if (those->are(vm, those->data))
        aq_strings_format(those->names, "VM %s", vm->name);
}

int aq_vm_add_those(bool (*are)(const struct aq_vm *vm, const void *data), const void *data,
                    struct aq_strings *names, struct aq_error *err)
{
    struct those those = {are, data, names};
    return visit_all(true, add_one, &those, err);
}

/* Templates stand on layers of their own. */
static int add_templates(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    if (on->kind != AQ_PARENT_LAYER)
        return 0;
    aq_autoclose int templates = aq_templates_open(err);
    aq_autostrings struct aq_strings all = {0};
    if (templates < 0 || aq_folder_list(templates, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.count; i++) {
        aq_autotemplate struct aq_template template = {0};
        int loaded = aq_template_load_at(templates, all.items[i], &template, err);
        if (loaded == -1)
            return -1;
        if (loaded == 0 && aq_parent_same(&template.parent, on))
            aq_strings_format(names, "template %s", all.items[i]);
    }
    return 0;
}

int aq_vm_dependents(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    return aq_vm_add_those(stands_on, on, names, err) < 0 ? -1 : add_templates(on, names, err);
}

struct alike {
    size_t member;
    const char *text;
    struct aq_strings *names;
};

static void add_alike(void *data, const struct aq_vm *vm)
{
    const struct alike *alike = data;
    const char *text = *(char *const *)((const char *)vm + alike->member);
    if (strcmp(text, alike->text) == 0)
        aq_strings_add(alike->names, vm->name);
}

int aq_vm_alike(size_t member, const char *text, struct aq_strings *names, struct aq_error *err)
{
    struct alike alike = {member, text, names};
    return aq_vm_each(add_alike, &alike, err);
}

int aq_vm_clones(const char *base, struct aq_strings *names, struct aq_error *err)
{
    return aq_vm_alike(offsetof(struct aq_vm, base), base, names, err);
}
