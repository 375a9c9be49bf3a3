/* SPDX-License-Identifier: MIT */
#include "image/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"
#include "util/json.h"
#include "util/memory.h"

void aq_boot_free(struct aq_boot *boot)
{
    free(boot->append);
    *boot = (struct aq_boot){0};
}

static int take_file(int folder, const char *name, struct aq_pin *pin, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_beneath(folder, name, O_RDONLY, err);
    if (fd < 0)
        return -1;
    aq_autofree char *where = aq_path_at(folder, name);
    if (fchmod(fd, 0400) < 0 || fsync(fd) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep %s", where);
    return aq_pin_take(fd, where, pin, err);
}

int aq_boot_take_files(int folder, struct aq_boot *boot, struct aq_error *err)
{
    return take_file(folder, AQ_BOOT_KERNEL, &boot->kernel, err) < 0
               ? -1
               : take_file(folder, AQ_BOOT_INITRD, &boot->initrd, err);
}

static bool has_file(const char *folder, const char *name, const struct aq_pin *pin)
{
    struct aq_pin found;
    aq_autofree char *path = aq_format("%s/%s", folder, name);
    return aq_pin_of_path(path, &found) && aq_pin_equal(&found, pin);
}

bool aq_boot_has_files(const struct aq_boot *boot, const char *folder)
{
    return has_file(folder, AQ_BOOT_KERNEL, &boot->kernel) && has_file(folder, AQ_BOOT_INITRD, &boot->initrd);
}

json_t *aq_boot_to_json(const struct aq_boot *boot)
{
    return json_pack("{s:s, s:I, s:I, s:o, s:o}", "append", boot->append, "start", (json_int_t)boot->start,
                     "end", (json_int_t)boot->end, "kernel", aq_pin_to_json(&boot->kernel), "initrd",
                     aq_pin_to_json(&boot->initrd));
}

bool aq_boot_from_json(const json_t *json, struct aq_boot *boot)
{
    *boot = (struct aq_boot){0};
    if (json == NULL)
        return true;
    const char *append = aq_json_text(json, "append", NULL);
    int64_t start = aq_json_int(json, "start", 0), end = aq_json_int(json, "end", 0);
    if (append == NULL || start <= 0 || end <= start ||
        !aq_pin_from_json(json_object_get(json, "kernel"), &boot->kernel) ||
        !aq_pin_from_json(json_object_get(json, "initrd"), &boot->initrd))
        return false;
    boot->append = aq_strdup(append);
    boot->start = (uint64_t)start;
    boot->end = (uint64_t)end;
    return true;
}
