/* SPDX-License-Identifier: MIT */
/* Does a template fit this host as it is now? */
#include <inttypes.h>
#include <string.h>

#include "image/chain.h"
#include "qemu/version.h"
#include "util/home.h"
#include "vm/machine.h"
#include "vm/template.h"

static int stale(const struct aq_template *template, const char *what, const char *then, const char *now,
                 struct aq_error *err)
{
    return aq_fail(err, AQ_E_TEMPLATE_STALE,
                   "the template %s was made with the %s %s, and here it is %s: its state does not fit any "
                   "more. `create_template %s=%s name=%s replace=true` makes it anew",
                   template->name, what, then, now, template->vm[0] != '\0' ? "vm" : "base",
                   template->vm[0] != '\0' ? template->vm : template->base, template->name);
}

static int check_file(const struct aq_template *template, const char *name, const struct aq_pin *seal,
                      struct aq_error *err)
{
    struct aq_pin now;
    aq_autofree char *home = aq_home_path(err);
    if (home == NULL)
        return -1;
    aq_autofree char *path = aq_format("%s/templates/%s/%s", home, template->name, name);
    if (aq_pin_of_path(path, &now) && aq_pin_equal(&now, seal))
        return 0;
    return aq_fail(err, AQ_E_TEMPLATE_CHANGED,
                   "%s is not what it was when the template %s was sealed; a clone of it would read garbage. "
                   "`remove_template` it, and make it anew",
                   path, template->name);
}

static int check_accel(const struct aq_template *template, int runtime, const char *wish,
                       struct aq_error *err)
{
    enum aq_accel chosen;
    if (aq_accel_choose(runtime, aq_accel_wish(wish), &chosen, NULL, err) < 0)
        return -1;
    if (chosen == template->accel)
        return 0;
    return stale(template, "accelerator", aq_accel_name(template->accel), aq_accel_name(chosen), err);
}

static int check_qemu(const struct aq_template *template, int runtime, struct aq_error *err)
{
    struct aq_qemu_version now;
    char cpu[AQ_CPU_TEXT];
    if (aq_qemu_version(runtime, &now, err) < 0)
        return -1;
    if (strcmp(now.version, template->qemu) != 0)
        return stale(template, "QEMU", template->qemu, now.version, err);
    if (strcmp(now.machine, template->machine) != 0)
        return stale(template, "machine type", template->machine, now.machine, err);
    if (strcmp(aq_qemu_cpu_text(template->accel, cpu), template->cpu) != 0)
        return stale(template, "CPU", template->cpu, cpu, err);
    return 0;
}

/* The devices are those that this version of ours gives its VMs. */
static int check_shape(const struct aq_template *template, struct aq_error *err)
{
    char now[17];
    const struct aq_vm vm = {.memory = template->memory,
                             .cpus = template->cpus,
                             .network = template->network,
                             .disk_size = template->disk_size};
    snprintf(now, sizeof now, "%016" PRIx64, aq_vm_shape(&vm, template->accel, template->machine));
    return strcmp(now, template->shape) == 0 ? 0 : stale(template, "devices", template->shape, now, err);
}

int aq_template_check(const struct aq_template *template, const char *accel, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0 || aq_chain_add(&template->parent, &chain, err) < 0)
        return -1;
    if (check_file(template, AQ_TEMPLATE_RAM, &template->ram, err) < 0 ||
        check_file(template, AQ_TEMPLATE_STATE, &template->state, err) < 0)
        return -1;
    return check_accel(template, runtime, accel, err) < 0 || check_qemu(template, runtime, err) < 0
               ? -1
               : check_shape(template, err);
}
