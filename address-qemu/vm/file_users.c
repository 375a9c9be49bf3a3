/* SPDX-License-Identifier: MIT */
#include "vm/file_users.h"

#include <string.h>

#include "image/base.h"
#include "vm/vm.h"

static bool write_to(const struct aq_vm *vm, const void *data)
{
    const char *path = data;
    return strcmp(vm->disk, path) == 0 ||
           (vm->pending.what == AQ_PENDING_COMMIT && vm->parent.kind == AQ_PARENT_FILE &&
            strcmp(vm->parent.name, path) == 0);
}

int aq_file_writers(const char *path, struct aq_strings *names, struct aq_error *err)
{
    return aq_vm_add_those(write_to, path, names, err);
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
