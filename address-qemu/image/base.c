/* SPDX-License-Identifier: MIT */
#include "image/base.h"

#include <string.h>

#include "image/base_record.h"
#include "util/json.h"

int aq_base_load(const char *name, struct aq_base *base, struct aq_error *err)
{
    aq_autoclose int bases = aq_bases_open(err);
    return bases < 0 ? -1 : aq_base_record_read(bases, name, base, err);
}

int aq_base_check(const struct aq_base *base, struct aq_error *err)
{
    struct aq_pin found;
    if (!aq_pin_of_path(base->path, &found))
        return aq_fail(err, AQ_E_BASE_MISSING,
                       "the disk of the base %s is gone: there is no file %s; put it back", base->name,
                       base->path);
    if (aq_pin_equal(&found, &base->pin))
        return 0;
    aq_autofree char *difference = aq_pin_difference(&base->pin, &found, base->path);
    return aq_fail(err, AQ_E_BASE_CHANGED,
                   "the disk of the base %s changed: %s; put the registered file back, or register it anew "
                   "(replace=true) and clone again",
                   base->name, difference);
}

bool aq_base_kernel(const struct aq_base *base, char **kernel, char **initrd)
{
    const char *slash = strrchr(base->path, '/');
    if (base->boot.append == NULL || slash == NULL)
        return false;
    aq_autofree char *folder = aq_strndup(base->path, (size_t)(slash - base->path));
    if (!aq_boot_has_files(&base->boot, folder))
        return false;
    *kernel = aq_format("%s/" AQ_BOOT_KERNEL, folder);
    *initrd = aq_format("%s/" AQ_BOOT_INITRD, folder);
    return true;
}

struct aq_parent aq_base_as_parent(const struct aq_base *base)
{
    return base->layer[0] != '\0' ? aq_parent_make(AQ_PARENT_LAYER, base->layer, &base->pin)
                                  : aq_parent_make(AQ_PARENT_BASE, base->name, &base->pin);
}

bool aq_base_keeps(const struct aq_base *base, const char *layer)
{
    size_t index;
    const json_t *generation;
    json_array_foreach(json_object_get(base->built, "generations"), index, generation)
    {
        if (strcmp(aq_json_text(generation, "layer", ""), layer) == 0)
            return true;
    }
    return false;
}

const char *aq_base_status(const struct aq_base *base)
{
    struct aq_pin found;
    if (!aq_pin_of_path(base->path, &found))
        return "missing";
    return aq_pin_equal(&found, &base->pin) ? "ready" : "changed";
}

int aq_base_list(struct aq_strings *names, struct aq_error *err)
{
    aq_autoclose int bases = aq_bases_open(err);
    if (bases < 0)
        return -1;
    aq_stage_sweep(bases);
    return aq_folder_list(bases, names, err);
}

int aq_base_lock_at(int bases, const char *name, enum aq_lock kind, struct aq_error *err)
{
    int fd = -1;
    int result =
        aq_name_valid(name) ? aq_folder_lock(bases, name, kind, AQ_BASE_WAIT_MS, &fd, err) : AQ_LOCK_ABSENT;
    switch (result) {
    case AQ_LOCK_HELD:
        return fd;
    case AQ_LOCK_ABSENT:
        return aq_base_fail_not_found(bases, name, err);
    case AQ_LOCK_BUSY:
        return aq_fail(err, AQ_E_BASE_IN_USE,
                       "another process has been at work on the base %s for a minute; try again later", name);
    default:
        return -1;
    }
}

int aq_base_lock(const char *name, enum aq_lock kind, struct aq_error *err)
{
    aq_autoclose int bases = aq_bases_open(err);
    return bases < 0 ? -1 : aq_base_lock_at(bases, name, kind, err);
}

int aq_base_remove(const char *name, aq_dependents *above, struct aq_error *err)
{
    aq_autoclose int bases = aq_bases_open(err);
    if (bases < 0)
        return -1;
    aq_stage_sweep(bases);
    aq_autoclose int lock = aq_base_lock_at(bases, name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0 || aq_base_refuse_dependents(name, above, "be removed", err) < 0)
        return -1;
    return aq_folder_remove(bases, name, err);
}
