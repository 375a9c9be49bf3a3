/* SPDX-License-Identifier: MIT */
#include "vm/boot.h"

#include <stdlib.h>

void aq_vm_boot_free(struct aq_vm_boot *boot)
{
    aq_base_free(&boot->base);
    free(boot->kernel);
    free(boot->initrd);
    *boot = (struct aq_vm_boot){0};
}

static bool area_kept(const struct aq_chain *chain, const struct aq_boot *boot)
{
    unsigned built = chain->count - 1;
    for (unsigned i = 0; i < built; i++)
        if (!aq_boot_area_kept(boot, chain->images[i].path, chain->images[built].path))
            return false;
    return true;
}

bool aq_vm_boot_find(const struct aq_chain *chain, struct aq_vm_boot *boot)
{
    struct aq_error ignored = {0};
    const struct aq_chain_member *last = &chain->members[chain->count - 1];
    if (last->kind != AQ_PARENT_BASE || aq_base_load(last->name, &boot->base, &ignored) < 0 ||
        !aq_base_kernel(&boot->base, &boot->kernel, &boot->initrd) || !area_kept(chain, &boot->base.boot))
        return false;
    boot->machine = (struct aq_machine_kernel){
        .path = boot->kernel, .initrd = boot->initrd, .append = boot->base.boot.append};
    return true;
}
