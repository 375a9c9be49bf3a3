/* SPDX-License-Identifier: MIT */
#include "vm/template.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "image/layer.h"
#include "util/files.h"
#include "util/home.h"
#include "util/suggest.h"
#include "util/wait.h"
#include "vm/leftover.h"
#include "vm/pool.h"

enum { LOCK_WAIT_MS = 60000 };

int aq_templates_open(struct aq_error *err)
{
    return aq_open_home_dir("templates", err);
}

static int not_found(const char *name, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    struct aq_error ignored = {0};
    aq_template_list(&names, &ignored);
    aq_autofree char *absent = aq_format("there is no template %s", name);
    aq_fail_unknown(err, AQ_E_TEMPLATE_NOT_FOUND, absent, name, &names,
                    "`list_templates` shows those there are");
    return -1;
}

int aq_template_load(const char *name, struct aq_template *template, struct aq_error *err)
{
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0)
        return -1;
    int loaded = aq_name_valid(name) ? aq_template_load_at(templates, name, template, err) : -2;
    return loaded == -2 ? not_found(name, err) : loaded;
}

/* Disks of templates whose maker was killed between the two renames, and of such as could not be removed with
   their template. One that is being made is locked, and stays. */
static void sweep_disks(void)
{
    aq_autostrings struct aq_strings ids = {0};
    struct aq_error ignored = {0};
    aq_layer_list(&ids, &ignored);
    for (size_t i = 0; i < ids.count; i++) {
        aq_autolayer struct aq_layer layer = {0};
        struct aq_error kept = {0};
        if (aq_layer_load(ids.items[i], &layer, &kept) == 0 && strcmp(layer.kind, AQ_LAYER_TEMPLATE) == 0)
            aq_layer_remove(layer.id, aq_vm_dependents, &kept);
    }
}

int aq_template_list(struct aq_strings *names, struct aq_error *err)
{
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0)
        return -1;
    aq_leftovers_sweep(templates);
    sweep_disks();
    return aq_folder_list(templates, names, err);
}

static int fail_busy(const char *name, struct aq_error *err)
{
    return aq_fail(
        err, AQ_E_TEMPLATE_IN_USE,
        "another process has been at work on the template %s for over a minute; try again when it is "
        "done",
        name);
}

int aq_template_lock(const char *name, enum aq_lock kind, struct aq_error *err)
{
    aq_autoclose int templates = aq_templates_open(err);
    int folder = -1;
    if (templates < 0)
        return -1;
    switch (aq_name_valid(name) ? aq_folder_lock(templates, name, kind, LOCK_WAIT_MS, &folder, err)
                                : AQ_LOCK_ABSENT) {
    case AQ_LOCK_HELD:
        return folder;
    case AQ_LOCK_ABSENT:
        return not_found(name, err);
    case AQ_LOCK_BUSY:
        return fail_busy(name, err);
    default:
        return -1;
    }
}

int aq_template_clones(const struct aq_template *template, struct aq_strings *names, struct aq_error *err)
{
    return aq_vm_alike(offsetof(struct aq_vm, template), template->name, names, err);
}

static int refuse_clones(const struct aq_template *template, struct aq_error *err)
{
    if (aq_pool_exists(template->name))
        return aq_fail(
            err, AQ_E_TEMPLATE_IN_USE,
            "the template %s cannot be removed while there is a pool of it; `pool drain template=%s` "
            "ends that",
            template->name, template->name);
    aq_autostrings struct aq_strings clones = {0};
    aq_autobuffer struct aq_buffer list = {0};
    if (aq_template_clones(template, &clones, err) < 0)
        return -1;
    for (size_t i = 0; i < clones.count; i++)
        aq_buffer_format(&list, "%sVM %s", list.length > 0 ? ", " : "", clones.items[i]);
    if (list.length == 0)
        return 0;
    return aq_fail(err, AQ_E_TEMPLATE_IN_USE,
                   "the template %s cannot be removed while there are clones of it: %s; remove those first",
                   template->name, list.data);
}

int aq_template_check_unused(const char *name, struct aq_error *err)
{
    aq_autotemplate struct aq_template template = {0};
    return aq_template_load(name, &template, err) < 0 ? -1 : refuse_clones(&template, err);
}

/* The caller holds it exclusively. Its disk goes after it, so that no record speaks of what is not there. */
static int remove_locked(const char *name, const struct aq_template *template, struct aq_error *err)
{
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0 || aq_folder_remove(templates, name, err) < 0)
        return -1;
    struct aq_error ignored = {0}; /* a sweep takes it then */
    if (template->parent.kind == AQ_PARENT_LAYER)
        aq_layer_remove(template->parent.name, aq_vm_dependents, &ignored);
    return 0;
}

int aq_template_exchange(struct aq_stage *stage, const struct aq_template *template, struct aq_error *err)
{
    aq_autotemplate struct aq_template old = {0};
    struct aq_error absent = {0}, ignored = {0};
    aq_autoclose int lock = aq_template_lock(template->name, AQ_LOCK_EXCLUSIVE, &absent);
    if (lock < 0)
        return absent.code == AQ_E_TEMPLATE_NOT_FOUND ? 0 : aq_fail(err, absent.code, "%s", absent.text);
    if (aq_template_load(template->name, &old, err) < 0 || refuse_clones(&old, err) < 0 ||
        aq_stage_exchange(stage, template->name, err) < 0)
        return -1;
    if (strcmp(old.parent.name, template->parent.name) != 0)
        aq_layer_remove(old.parent.name, aq_vm_dependents, &ignored); /* else a sweep takes it */
    return 1;
}

int aq_template_remove(const char *name, struct aq_error *err)
{
    aq_autotemplate struct aq_template template = {0};
    struct aq_error reason = {0};
    aq_autoclose int lock = aq_template_lock(name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0)
        return -1;
    if (aq_template_load(name, &template, &reason) < 0) {
        if (reason.code != AQ_E_RECORD_INVALID && reason.code != AQ_E_TEMPLATE_NOT_FOUND)
            return aq_fail(err, reason.code, "%s", reason.text);
    } else if (refuse_clones(&template, err) < 0) {
        return -1;
    }
    return remove_locked(name, &template, err);
}
