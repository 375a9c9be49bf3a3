/* SPDX-License-Identifier: MIT */
#include "vm/template_take.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/layer.h"
#include "qemu/migrate.h"
#include "qemu/version.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/machine.h"

int aq_template_check_name(const char *name, bool replace, struct aq_error *err)
{
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0)
        return -1;
    if (faccessat(templates, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (!replace)
        return aq_fail(err, AQ_E_TEMPLATE_EXISTS,
                       "there is a template %s already; replace=true makes it anew, if it has no clones",
                       name);
    return aq_template_check_unused(name, err);
}

int aq_template_note_machine(const struct aq_vm *vm, enum aq_accel accel, struct aq_template *template,
                             struct aq_error *err)
{
    struct aq_qemu_version version;
    char cpu[AQ_CPU_TEXT], now[AQ_TIME_TEXT];
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0 || aq_qemu_version(runtime, &version, err) < 0)
        return -1;
    aq_random_uuid(template->id);
    template->base = aq_strdup(vm->base);
    template->network = aq_strdup(vm->network);
    template->egress = aq_strdup(vm->egress);
    snprintf(template->mac, sizeof template->mac, "%s", vm->mac);
    template->memory = vm->memory;
    template->cpus = vm->cpus;
    template->disk_size = vm->disk_size;
    template->parent = aq_parent_copy(&vm->parent);
    template->qemu = aq_strdup(version.version);
    template->machine = aq_strdup(version.machine);
    template->cpu = aq_strdup(aq_qemu_cpu_text(accel, cpu));
    template->accel = accel;
    template->shape = aq_format("%016" PRIx64, aq_vm_shape(vm, accel, version.machine));
    template->created = aq_strdup(aq_now_text(now));
    return 0;
}

char *aq_template_make_ram(int folder, unsigned memory_mib, struct aq_error *err)
{
    aq_autoclose int ram = aq_make_file_at(folder, AQ_TEMPLATE_RAM, NULL, 0, 0600, err);
    if (ram < 0)
        return NULL;
    if (ftruncate(ram, (off_t)memory_mib << 20) < 0) {
        aq_fail_errno(err, AQ_E_IO, errno, "cannot make a file for %u MiB of RAM", memory_mib);
        return NULL;
    }
    return aq_path_at(folder, AQ_TEMPLATE_RAM);
}

int aq_template_save_state(struct aq_qmp *qmp, int folder, struct aq_error *err)
{
    aq_autoclose int state = aq_make_file_at(folder, AQ_TEMPLATE_STATE, NULL, 0, 0600, err);
    return state < 0 ? -1 : aq_migrate_save(qmp, state, err);
}

/* Until 9.0, QEMU opens the RAM of a clone for writing although it never writes to it; so it has to stay
   writable for an ordinary user, and the seal tells whether somebody did. */
static mode_t ram_mode(void)
{
    return geteuid() == 0 ? 0400 : 0600;
}

static int seal(int folder, const char *name, mode_t mode, struct aq_pin *pin, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_beneath(folder, name, O_RDONLY, err);
    if (fd < 0)
        return -1;
    aq_autofree char *where = aq_path_at(folder, name);
    if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep %s", where);
    return aq_pin_take(fd, where, pin, err);
}

/* The disk moves into a layer's stage, which keeps it until the template that needs it is published. */
static int publish_disk(struct aq_stage *stage, struct aq_stage *layer_stage, struct aq_template *template,
                        struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {.kind = aq_strdup(AQ_LAYER_TEMPLATE),
                                          .parent = aq_parent_copy(&template->parent),
                                          .origin_vm = aq_strdup(template->name),
                                          .origin_id = aq_strdup(template->id)};
    aq_layer_random_id(layer.id);
    if (aq_layer_stage(layer.id, layer_stage, NULL, err) < 0)
        return -1;
    if (renameat(stage->folder, AQ_VM_DISK, layer_stage->folder, AQ_LAYER_DISK) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot take the template's disk");
    if (aq_layer_publish(layer_stage, &layer, false, err) < 0)
        return -1;
    aq_parent_free(&template->parent);
    template->parent = aq_layer_as_parent(&layer);
    return 0;
}

/* The one that it replaces is there until it is. */
static int publish_record(struct aq_stage *stage, bool replace, const struct aq_template *template,
                          struct aq_error *err)
{
    int published = aq_stage_publish(stage, template->name, true, err);
    if (published == 0 && replace)
        published = aq_template_exchange(stage, template, err);
    if (published == 0 && replace) /* the other was removed just now */
        published = aq_stage_publish(stage, template->name, true, err);
    if (published < 0)
        return -1;
    return published > 0 ? 0 : aq_template_check_name(template->name, false, err);
}

int aq_template_publish(struct aq_stage *stage, bool replace, struct aq_template *template,
                        struct aq_error *err)
{
    return seal(stage->folder, AQ_TEMPLATE_RAM, ram_mode(), &template->ram, err) < 0 ||
                   seal(stage->folder, AQ_TEMPLATE_STATE, 0400, &template->state, err) < 0 ||
                   aq_template_write(stage->folder, template, err) < 0 ||
                   publish_record(stage, replace, template, err) < 0
               ? -1
               : 0;
}

int aq_template_publish_all(struct aq_stage *stage, bool replace, struct aq_template *template,
                            struct aq_error *err)
{
    static const char *const spent[] = {AQ_VM_CONSOLE, AQ_VM_CONSOLE ".1", AQ_VM_LOG, AQ_VM_RECORD};
    aq_autostage struct aq_stage layer_stage = AQ_STAGE_NONE;
    for (size_t i = 0; i < sizeof spent / sizeof *spent; i++)
        unlinkat(stage->folder, spent[i], 0);
    if (publish_disk(stage, &layer_stage, template, err) < 0)
        return -1;
    if (aq_template_publish(stage, replace, template, err) == 0)
        return 0;
    struct aq_error ignored = {0};
    aq_stage_close(&layer_stage); /* it is published, but nothing stands on it */
    aq_layer_remove(template->parent.name, aq_vm_dependents, &ignored);
    return -1;
}
