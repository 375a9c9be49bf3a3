/* SPDX-License-Identifier: MIT */
#include "vm/file_users.h"

#include <string.h>

#include "image/base.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/vm.h"

static bool writes_to(const struct aq_vm *vm, const char *path)
{
    return strcmp(vm->disk, path) == 0 ||
           (vm->pending.what == AQ_PENDING_COMMIT && vm->parent.kind == AQ_PARENT_FILE &&
            strcmp(vm->parent.name, path) == 0);
}

int aq_file_writers(const char *path, struct aq_strings *names, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    aq_autostrings struct aq_strings all = {0};
    if (vms < 0 || aq_folder_list(vms, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.count; i++) {
        aq_autovm struct aq_vm vm = {0};
        int loaded = aq_vm_load_at(vms, all.items[i], &vm, err);
        if (loaded == -1)
            return -1; /* what cannot be read may write to it */
        if (loaded == 0 && writes_to(&vm, path))
            aq_strings_format(names, "VM %s", all.items[i]);
    }
    return 0;
}

static int add_bases(const char *path, struct aq_strings *names, struct aq_error *err)
{
    aq_autostrings struct aq_strings bases = {0};
    if (aq_base_list(&bases, err) < 0)
        return -1;
    for (size_t i = 0; i < bases.count; i++) {
        aq_autobase struct aq_base base = {0};
        struct aq_error unread = {0};
        if (aq_base_load(bases.items[i], &base, &unread) == 0 && strcmp(base.path, path) == 0)
            aq_strings_format(names, "base %s", base.name);
    }
    return 0;
}

int aq_file_readers(const char *path, struct aq_strings *names, struct aq_error *err)
{
    const struct aq_parent file = {.kind = AQ_PARENT_FILE, .name = (char *)path};
    return aq_dependents_of(&file, aq_vm_dependents, names, err) < 0 ? -1 : add_bases(path, names, err);
}
