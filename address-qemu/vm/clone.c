/* SPDX-License-Identifier: MIT */
/*
 * A clone is an overlay of a few sectors over an image that never changes, and a record; so it costs a
 * millisecond, nearly all of which is the disk's word that both are there.
 */
#include "image/base.h"
#include "vm/make.h"

void aq_vm_take_layer(const struct aq_layer *layer, const struct aq_clone_request *request, struct aq_vm *vm)
{
    vm->base = aq_strdup(request->base);
    vm->parent = aq_layer_as_parent(layer);
    vm->disk_size = layer->virtual_size;
    vm->memory = request->memory;
    vm->cpus = request->cpus;
}

static int clone_layer(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {0};
    aq_autoclose int lock = aq_layer_lock(request->layer, AQ_LOCK_SHARED, err);
    if (lock < 0 || aq_layer_load(request->layer, &layer, err) < 0)
        return -1;
    aq_vm_take_layer(&layer, request, vm);
    return aq_vm_fill(request, vm, err) < 0 ? -1 : aq_vm_make(request, vm, err);
}

void aq_vm_take_base(const struct aq_base *base, struct aq_vm *vm)
{
    vm->base = aq_strdup(base->name);
    vm->parent = aq_base_as_parent(base);
    vm->disk_size = base->virtual_size;
    vm->memory = base->memory;
    vm->cpus = base->cpus;
}

int aq_vm_clone(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    if (request->layer != NULL)
        return clone_layer(request, vm, err);
    aq_autobase struct aq_base base = {0};
    aq_autoclose int base_lock = aq_base_lock(request->base, AQ_LOCK_SHARED, err);
    if (base_lock < 0 || aq_base_load(request->base, &base, err) < 0)
        return -1;
    aq_vm_take_base(&base, vm);
    aq_autoclose int parent_lock = aq_parent_lock(&vm->parent, AQ_LOCK_SHARED, err);
    if (parent_lock < 0 || aq_vm_fill(request, vm, err) < 0)
        return -1;
    return aq_vm_make(request, vm, err);
}
