/* SPDX-License-Identifier: MIT */
#include "vm/fork.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/home.h"
#include "vm/admit.h"
#include "vm/lifecycle.h"
#include "vm/memory.h"
#include "vm/template_clone.h"
#include "vm/template_vm.h"

void aq_forked_free(struct aq_forked *forked)
{
    for (unsigned i = 0; i < forked->count; i++)
        aq_vm_free(&forked->children[i].vm);
    free(forked->children);
    *forked = (struct aq_forked){0};
}

/* NULL: one is made up. free() it. */
static char *name_of(const struct aq_fork_request *request, unsigned number)
{
    if (request->name == NULL)
        return NULL;
    return request->count == 1 ? aq_strdup(request->name) : aq_format("%s-%u", request->name, number + 1);
}

/* Before the parent is touched. */
static int check_names(const struct aq_fork_request *request, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    for (unsigned i = 0; request->name != NULL && i < request->count; i++) {
        aq_autofree char *name = name_of(request, i);
        if (!aq_name_valid(name))
            return aq_fail(err, AQ_E_VALUE_INVALID, "%s is too long for a VM's name", name);
        if (faccessat(vms, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return aq_fail(err, AQ_E_VM_EXISTS,
                           "there is a VM %s already; `remove name=%s` it, or choose another name", name,
                           name);
    }
    return 0;
}

/* The parent's forwarded ports are its own: a child's host ports are chosen anew. */
static int load_ports(const char *name, struct aq_vm *parent, struct aq_error *err)
{
    if (aq_vm_load(name, parent, err) < 0)
        return -1;
    for (unsigned i = 0; i < parent->port_count; i++)
        parent->ports[i].host = parent->ports[i].chosen = 0;
    return 0;
}

static int make_child(const struct aq_fork_request *request, const struct aq_taken *taken,
                      const struct aq_vm *parent, struct aq_forked *forked, struct aq_error *err)
{
    aq_autofree char *name = name_of(request, forked->count);
    const struct aq_clone_request clone = {
        .name = name, .accel = parent->accel, .ports = parent->ports, .port_count = parent->port_count};
    struct aq_child *child = &forked->children[forked->count];
    if (aq_template_clone_in(taken->stage.folder, &taken->template, &clone, &child->vm, &child->run, err) <
        0) {
        aq_vm_free(&child->vm);
        return -1;
    }
    forked->count++;
    return 0;
}

static void discard_children(struct aq_forked *forked)
{
    for (unsigned i = 0; i < forked->count; i++)
        aq_vm_discard(&forked->children[i].vm);
}

int aq_vm_fork(const struct aq_fork_request *request, struct aq_forked *forked, struct aq_error *err)
{
    char part[9];
    aq_autofree char *stage = aq_format("fork-%s", aq_random_name(part, sizeof part));
    const struct aq_take_request take = {.vm = request->vm,
                                         .name = stage,
                                         .allow_provisioned = true, /* nobody gets them but its owner */
                                         .progress = request->progress,
                                         .progress_data = request->progress_data};
    aq_autotaken struct aq_taken taken = AQ_TAKEN_NONE;
    aq_autovm struct aq_vm parent = {0};
    if (load_ports(request->vm, &parent, err) < 0 || check_names(request, err) < 0 ||
        aq_vm_admit_more(&parent, request->name, request->count, true, err) < 0 ||
        aq_memory_check(request->count, aq_memory_of_vm(parent.memory), err) < 0 ||
        aq_take_vm(&take, &taken, err) < 0)
        return -1;
    forked->pause_ms = taken.pause_ms;
    forked->closed = taken.template.closed;
    snprintf(forked->window, sizeof forked->window, "%s", taken.template.window);
    forked->children = aq_alloc(request->count * sizeof *forked->children);
    for (unsigned i = 0; i < request->count; i++)
        if (make_child(request, &taken, &parent, forked, err) < 0) {
            discard_children(forked);
            return -1;
        }
    return 0;
}
