/* SPDX-License-Identifier: MIT */
#include "verbs/template_fields.h"

#include <sys/stat.h>

#include "image/layer.h"
#include "util/home.h"

const char *aq_template_status(const struct aq_template *template, struct aq_error *why)
{
    struct aq_error ignored = {0};
    struct aq_error *reason = why != NULL ? why : &ignored;
    if (aq_template_check(template, "auto", reason) == 0)
        return "ready";
    return reason->code == AQ_E_TEMPLATE_STALE ? "stale" : "changed";
}

/* -1: it is not there. */
static int64_t allocated(const char *path)
{
    struct stat st;
    return path != NULL && stat(path, &st) == 0 ? (int64_t)st.st_blocks * 512 : -1;
}

static void set_bytes(aq_result *result, const char *name, int64_t bytes)
{
    if (bytes >= 0)
        aq_result_set_int(result, name, bytes);
}

int aq_set_template_fields(aq_result *result, const struct aq_template *template, struct aq_error *err)
{
    struct aq_error reason = {0};
    aq_autofree char *home = aq_home_path(err);
    if (home == NULL)
        return -1;
    aq_autofree char *ram = aq_format("%s/templates/%s/" AQ_TEMPLATE_RAM, home, template->name);
    aq_autofree char *disk = aq_layer_path(template->parent.name, &reason);
    aq_result_set_text(result, "TEMPLATE", template->name);
    aq_result_set_text(result, "NAME", template->name);
    aq_result_set_text(result, "BASED_ON", template->base);
    aq_result_set_text(result, "FROM_VM", template->vm);
    aq_result_set_text(result, "WARM", template->warm);
    aq_result_set_int(result, "MEMORY", template->memory);
    aq_result_set_int(result, "CPUS", template->cpus);
    aq_result_set_text(result, "ACCEL", aq_accel_name(template->accel));
    aq_result_set_text(result, "QEMU", template->qemu);
    aq_result_set_text(result, "MACHINE", template->machine);
    aq_result_set_text(result, "CPU", template->cpu);
    aq_result_set_text(result, "WINDOW", template->closed ? "closed" : "open");
    if (!template->closed)
        aq_result_set_text(result, "WINDOW_REASON", template->window);
    aq_result_set_bool(result, "SETTLED", template->settled);
    aq_result_set_bool(result, "PROVISIONED", template->provisioned);
    aq_result_set_text(result, "CREATED", template->created);
    set_bytes(result, "RAM_BYTES", allocated(ram));
    set_bytes(result, "DISK_BYTES", allocated(disk));
    aq_result_set_text(result, "STATUS", aq_template_status(template, NULL));
    return 0;
}
