/* SPDX-License-Identifier: MIT */
/* Which template a clone of a base is made of. */
#include <inttypes.h>
#include <string.h>

#include "image/base.h"
#include "vm/make.h"
#include "vm/template_clone.h"

/* What the clone is to be, and what there is. */
struct search {
    const struct aq_clone_request *request;
    struct aq_vm wanted;
    struct aq_template best;
    char *why;
};

#define WHY_MAX 256

static void search_free(struct search *search)
{
    aq_vm_free(&search->wanted);
    aq_template_free(&search->best);
}

static bool differs(const struct search *search, const struct aq_template *template)
{
    const struct aq_vm *wanted = &search->wanted;
    if (template->memory != wanted->memory)
        snprintf(search->why, WHY_MAX, "the template %s has %u MiB of memory, not %u", template->name,
                 template->memory, wanted->memory);
    else if (template->cpus != wanted->cpus)
        snprintf(search->why, WHY_MAX, "the template %s has %u CPUs, not %u", template->name, template->cpus,
                 wanted->cpus);
    else if (template->disk_size != wanted->disk_size)
        snprintf(search->why, WHY_MAX, "the template %s has another size of disk", template->name);
    else if (strcmp(template->network, wanted->network) != 0)
        snprintf(search->why, WHY_MAX, "the template %s has the network %s", template->name,
                 template->network);
    else
        return false;
    return true;
}

/* Of what stands there now under the base's name, and nothing else was run in it: what a user did in it is
   for those who ask for it by name. */
static bool is_plain(const struct search *search, const struct aq_template *template)
{
    aq_autolayer struct aq_layer disk = {0};
    struct aq_error missing = {0};
    return template->vm[0] == '\0' && template->warm[0] == '\0' &&
           strcmp(template->base, search->wanted.base) == 0 &&
           aq_layer_load(template->parent.name, &disk, &missing) == 0 &&
           aq_parent_same(&disk.parent, &search->wanted.parent);
}

static void consider(struct search *search, int templates, const char *name)
{
    aq_autotemplate struct aq_template template = {0};
    struct aq_error unfit = {0};
    if (aq_template_load_at(templates, name, &template, &unfit) < 0 || !is_plain(search, &template) ||
        differs(search, &template))
        return;
    if (search->best.name != NULL && strcmp(search->best.created, template.created) >= 0)
        return;
    if (aq_template_check(&template, search->wanted.accel, &unfit) < 0) {
        snprintf(search->why, WHY_MAX, "%.*s", WHY_MAX - 1, unfit.text);
        return;
    }
    aq_template_free(&search->best);
    search->best = template;
    template = (struct aq_template){0};
}

static int take_origin(const struct aq_clone_request *request, struct aq_vm *wanted, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    aq_autolayer struct aq_layer layer = {0};
    if (request->layer != NULL ? aq_layer_load(request->layer, &layer, err) < 0
                               : aq_base_load(request->base, &base, err) < 0)
        return -1;
    if (request->layer != NULL)
        aq_vm_take_layer(&layer, request, wanted);
    else
        aq_vm_take_base(&base, wanted);
    return 0;
}

int aq_template_find(const struct aq_clone_request *request, struct aq_template *template, char why[WHY_MAX],
                     struct aq_error *err)
{
    aq_cleanup(search_free) struct search search = {.request = request, .why = why};
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0 || take_origin(request, &search.wanted, err) < 0 ||
        aq_vm_fill(request, &search.wanted, err) < 0 || aq_folder_list(templates, &names, err) < 0)
        return -1;
    snprintf(why, WHY_MAX, "there is no template of the base %s", request->base);
    for (size_t i = 0; i < names.count; i++)
        consider(&search, templates, names.items[i]);
    if (search.best.name == NULL)
        return 0;
    *template = search.best;
    search.best = (struct aq_template){0};
    return 1;
}

/* Is it that, or is it that which it stands on, and so on? */
static int stands_on(const struct aq_parent *parent, const struct aq_parent *wanted, struct aq_error *err)
{
    aq_autoparent struct aq_parent at = aq_parent_copy(parent);
    while (!aq_parent_same(&at, wanted)) {
        aq_autolayer struct aq_layer layer = {0};
        if (at.kind != AQ_PARENT_LAYER)
            return 0;
        if (aq_layer_load(at.name, &layer, err) < 0)
            return -1;
        aq_parent_free(&at);
        at = aq_parent_copy(&layer.parent);
    }
    return 1;
}

int aq_template_check_wish(const char *name, const struct aq_clone_request *request, struct aq_error *err)
{
    aq_autotemplate struct aq_template template = {0};
    aq_autovm struct aq_vm wanted = {0};
    if (aq_template_load(name, &template, err) < 0 || take_origin(request, &wanted, err) < 0)
        return -1;
    int stands = stands_on(&template.parent, &wanted.parent, err);
    if (stands < 0)
        return -1;
    if (stands == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the template %s does not stand on the disk that is asked for (%s%s)", name,
                       request->layer != NULL ? "a spec's, on the base " : "the base ", request->base);
    if (template.memory < request->memory || template.cpus < request->cpus ||
        template.disk_size < request->disk_size)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the template %s is smaller than what is asked for: it has %u MiB of "
                       "memory, %u CPUs and a disk of %" PRIu64 " bytes",
                       name, template.memory, template.cpus, template.disk_size);
    return 0;
}
