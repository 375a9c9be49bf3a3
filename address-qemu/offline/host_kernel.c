/* SPDX-License-Identifier: MIT */
#include "offline/host_kernel.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "offline/guestfs_library.h"
#include "util/files.h"
#include "util/memory.h"

#define KERNEL "vmlinuz-"

static void set(struct aq_appliance_need *need, const char *detail, const char *fix)
{
    snprintf(need->detail, sizeof need->detail, "%s", detail);
    snprintf(need->fix, sizeof need->fix, "%s", fix);
}

/* Names in a folder that start so. */
static void list(const char *folder, const char *start, struct aq_strings *names)
{
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, start, strlen(start)) == 0)
            aq_strings_add(names, entry->d_name);
    closedir(entries);
    aq_strings_sort(names);
}

static bool usable(const char *boot, const char *modules, const char *kernel, bool *unreadable)
{
    aq_autofree char *file = aq_format("%s/%s", boot, kernel);
    aq_autofree char *folder = aq_format("%s/%s", modules, kernel + strlen(KERNEL));
    if (access(folder, F_OK) != 0)
        return false;
    if (access(file, R_OK) == 0)
        return true;
    *unreadable = true;
    return false;
}

static void judge_kernels(const char *boot, const char *modules, struct aq_appliance_need *need)
{
    aq_autostrings struct aq_strings kernels = {0};
    bool unreadable = false;
    list(boot, KERNEL, &kernels);
    for (size_t i = 0; i < kernels.count; i++)
        if (usable(boot, modules, kernels.items[i], &unreadable))
            return;
    aq_autofree char *detail = NULL;
    if (unreadable) {
        detail = aq_format("this user may not read a kernel in %s, and libguestfs's appliance is made of one",
                           boot);
        set(need, detail, "sudo chmod 0644 /boot/vmlinuz-*");
    } else if (kernels.count > 0) {
        detail =
            aq_format("no kernel in %s has its modules in %s, and libguestfs's appliance is made of both",
                      boot, modules);
        set(need, detail, "apt-get install linux-image-cloud-amd64 (Ubuntu: linux-image-virtual)");
    } else {
        detail = aq_format("there is no kernel in %s, and libguestfs's appliance is made of one", boot);
        set(need, detail, "apt-get install linux-image-cloud-amd64 (Ubuntu: linux-image-virtual)");
    }
}

void aq_appliance_needs(const char *boot, const char *modules, struct aq_appliance_need *need)
{
    *need = (struct aq_appliance_need){0};
    const char *fixed = getenv("LIBGUESTFS_PATH"), *kernel = getenv("SUPERMIN_KERNEL");
    if (fixed != NULL && fixed[0] != '\0')
        return;
    aq_autofree char *supermin = aq_find_program("supermin");
    if (supermin == NULL) {
        set(need, "supermin, which makes libguestfs's appliance, is not installed",
            "apt-get install supermin");
        return;
    }
    if (kernel == NULL || kernel[0] == '\0')
        judge_kernels(boot, modules, need);
}

int aq_appliance_check(struct aq_error *err)
{
    struct aq_appliance_need need;
    if (aq_library_load(&aq_guestfs_library, err) < 0)
        return -1;
    aq_appliance_needs("/boot", "/lib/modules", &need);
    if (need.detail[0] == '\0')
        return 0;
    return aq_fail(err, AQ_E_APPLIANCE_UNUSABLE, "libguestfs cannot work here: %s. To mend it: %s",
                   need.detail, need.fix);
}
