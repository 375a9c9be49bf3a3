/* SPDX-License-Identifier: MIT */
#include "vm/descent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/base.h"
#include "image/layer.h"
#include "util/clock.h"
#include "util/home.h"
#include "vm/run.h"
#include "vm/snapshot.h"
#include "vm/template.h"
#include "vm/vm.h"

const char *aq_descent_kind_name(enum aq_descent_kind kind)
{
    static const char *const names[] = {"file", "base", "layer", "template", "vm", "snapshot"};
    return names[kind];
}

void aq_descent_free(struct aq_descent *descent)
{
    for (size_t i = 0; i < descent->count; i++) {
        struct aq_descent_node *node = &descent->nodes[i];
        free(node->name);
        free(node->status);
        free(node->details);
        free(node->created);
        aq_parent_free(&node->stands_on);
    }
    free(descent->nodes);
    *descent = (struct aq_descent){0};
}

static struct aq_descent_node *add(struct aq_descent *descent, enum aq_descent_kind kind, const char *name,
                                   const char *status, const char *created)
{
    if (descent->count == descent->capacity) {
        descent->capacity = descent->capacity * 2 + 64;
        descent->nodes = aq_realloc(descent->nodes, descent->capacity * sizeof *descent->nodes);
    }
    struct aq_descent_node *node = &descent->nodes[descent->count++];
    *node = (struct aq_descent_node){
        .kind = kind,
        .name = aq_strdup(name),
        .status = aq_strdup(status),
        .created = aq_strdup(created),
        .parent = AQ_DESCENT_ROOT,
    };
    return node;
}

static int64_t allocated(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (int64_t)file.st_blocks * 512 : 0;
}

static void add_broken(struct aq_descent *descent, enum aq_descent_kind kind, const char *name,
                       const struct aq_error *reason)
{
    add(descent, kind, name, "broken", "")->details = aq_strdup(reason->text);
}

static int add_bases(struct aq_descent *descent, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_base_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        aq_autobase struct aq_base base = {0};
        struct aq_error reason = {0};
        if (aq_base_load(names.items[i], &base, &reason) < 0) {
            if (reason.code != AQ_E_BASE_NOT_FOUND)
                add_broken(descent, AQ_DESCENT_BASE, names.items[i], &reason);
            continue;
        }
        bool layered = base.layer[0] != '\0';
        struct aq_descent_node *node =
            add(descent, AQ_DESCENT_BASE, base.name, aq_base_status(&base), base.created);
        node->details = aq_strdup(layered ? "a layer's name" : base.copy ? "" : base.path);
        node->allocated = layered ? 0 : allocated(base.path);
        if (layered)
            node->stands_on = aq_base_as_parent(&base);
    }
    return 0;
}

static char *layer_details(const struct aq_layer *layer)
{
    if (layer->origin_snapshot[0] != '\0')
        return aq_format("%s from %s at %s", layer->kind, layer->origin_vm, layer->origin_snapshot);
    if (layer->origin_vm[0] != '\0')
        return aq_format("%s from %s", layer->kind, layer->origin_vm);
    return aq_strdup(layer->kind);
}

static int add_layers(struct aq_descent *descent, struct aq_error *err)
{
    aq_autostrings struct aq_strings ids = {0};
    if (aq_layer_list(&ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++) {
        aq_autolayer struct aq_layer layer = {0};
        struct aq_error reason = {0};
        if (aq_layer_load(ids.items[i], &layer, &reason) < 0) {
            if (reason.code != AQ_E_LAYER_NOT_FOUND)
                add_broken(descent, AQ_DESCENT_LAYER, ids.items[i], &reason);
            continue;
        }
        struct aq_descent_node *node =
            add(descent, AQ_DESCENT_LAYER, layer.id, aq_layer_status(&layer), layer.created);
        node->details = layer_details(&layer);
        node->allocated = allocated(layer.path);
        node->stands_on = aq_parent_copy(&layer.parent);
    }
    return 0;
}

/* A template's disk is a layer; what it takes besides is its memory. */
static void add_template(struct aq_descent *descent, const char *name)
{
    aq_autotemplate struct aq_template template = {0};
    struct aq_error reason = {0};
    if (aq_template_load(name, &template, &reason) < 0) {
        if (reason.code != AQ_E_TEMPLATE_NOT_FOUND)
            add_broken(descent, AQ_DESCENT_TEMPLATE, name, &reason);
        return;
    }
    aq_autofree char *home = aq_home_path(&reason);
    aq_autofree char *ram = aq_format("%s/templates/%s/" AQ_TEMPLATE_RAM, home != NULL ? home : "", name);
    struct aq_descent_node *node = add(descent, AQ_DESCENT_TEMPLATE, name, "ready", template.created);
    node->details = template.vm[0] != '\0' ? aq_format("taken from %s", template.vm) : aq_strdup("");
    node->allocated = allocated(ram);
    node->stands_on = aq_parent_copy(&template.parent);
}

static int add_templates(struct aq_descent *descent, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_template_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        add_template(descent, names.items[i]);
    return 0;
}

static void add_snapshots(struct aq_descent *descent, const struct aq_vm *vm, size_t parent)
{
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    struct aq_error unread = {0};
    if (aq_vm_snapshots(vm, &snapshots, &unread) < 0)
        return;
    for (size_t i = 0; i < snapshots.count; i++) {
        char date[AQ_TIME_TEXT];
        const struct aq_qcow2_snapshot *snapshot = &snapshots.items[i];
        struct aq_descent_node *node =
            add(descent, AQ_DESCENT_SNAPSHOT, snapshot->name, "ready", aq_time_text(snapshot->date, date));
        node->details = aq_strdup(snapshot->vm_state_size != 0 ? "with memory" : "");
        node->parent = parent;
    }
}

static void add_vm(struct aq_descent *descent, int vms, const char *name)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    struct aq_error reason = {0};
    int loaded = aq_vm_load_at(vms, name, &vm, &reason);
    if (loaded == -2)
        return; /* removed a moment ago */
    int running = loaded == 0 ? aq_run_read_at(vms, &vm, &run, &reason) : -1;
    if (running < 0) {
        add_broken(descent, AQ_DESCENT_VM, name, &reason);
        return;
    }
    aq_autofree char *path = aq_vm_disk_path(&vm, &reason);
    struct aq_descent_node *node =
        add(descent, AQ_DESCENT_VM, name, aq_run_status(&vm, running > 0 ? &run : NULL), vm.created);
    node->details = aq_strdup(vm.disk[0] == '/' ? vm.disk : "");
    node->allocated = path != NULL ? allocated(path) : 0;
    node->stands_on = aq_parent_copy(&vm.parent);
    add_snapshots(descent, &vm, descent->count - 1);
}

static int add_vms(struct aq_descent *descent, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_vm_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        add_vm(descent, vms, names.items[i]);
    return 0;
}

static bool is_node(const struct aq_descent_node *node, const struct aq_parent *parent)
{
    static const enum aq_descent_kind kinds[] = {[AQ_PARENT_BASE] = AQ_DESCENT_BASE,
                                                 [AQ_PARENT_LAYER] = AQ_DESCENT_LAYER,
                                                 [AQ_PARENT_FILE] = AQ_DESCENT_FILE};
    return node->kind == kinds[parent->kind] && strcmp(node->name, parent->name) == 0;
}

/* The node that is meant; a user's own file becomes one when it is first met. */
static size_t find(struct aq_descent *descent, const struct aq_parent *parent)
{
    for (size_t i = 0; i < descent->count; i++)
        if (is_node(&descent->nodes[i], parent))
            return i;
    if (parent->kind != AQ_PARENT_FILE)
        return AQ_DESCENT_ROOT;
    struct aq_pin found;
    const char *status = !aq_pin_of_path(parent->name, &found) ? "missing"
                         : aq_pin_equal(&found, &parent->pin)  ? "ready"
                                                               : "changed";
    struct aq_descent_node *node = add(descent, AQ_DESCENT_FILE, parent->name, status, "");
    node->details = aq_strdup("");
    node->allocated = allocated(node->name);
    return descent->count - 1;
}

/* Layers that are an earlier generation of a base. */
static void mark_kept(struct aq_descent *descent)
{
    for (size_t i = 0; i < descent->count; i++) {
        aq_autobase struct aq_base base = {0};
        struct aq_error unread = {0};
        if (descent->nodes[i].kind != AQ_DESCENT_BASE ||
            aq_base_load(descent->nodes[i].name, &base, &unread) < 0 || base.built == NULL)
            continue;
        for (size_t k = 0; k < descent->count; k++)
            if (descent->nodes[k].kind == AQ_DESCENT_LAYER && aq_base_keeps(&base, descent->nodes[k].name))
                descent->nodes[k].kept = true;
    }
}

static void find_parents(struct aq_descent *descent)
{
    for (size_t i = 0; i < descent->count; i++) {
        if (descent->nodes[i].stands_on.kind == AQ_PARENT_NONE)
            continue;
        aq_autoparent struct aq_parent on = aq_parent_copy(&descent->nodes[i].stands_on);
        size_t parent = find(descent, &on); /* may move the nodes */
        descent->nodes[i].parent = parent;
    }
    for (size_t i = 0; i < descent->count; i++)
        if (descent->nodes[i].parent != AQ_DESCENT_ROOT)
            descent->nodes[descent->nodes[i].parent].children++;
}

/* Puts a node and all that stands on it into the new order; place[] is where each went, AQ_DESCENT_ROOT not
 * yet. */
static void put(const struct aq_descent *from, size_t node, unsigned depth, struct aq_descent *to,
                size_t *place)
{
    place[node] = to->count;
    struct aq_descent_node *copy = &to->nodes[to->count++];
    *copy = from->nodes[node];
    copy->depth = depth;
    if (copy->parent != AQ_DESCENT_ROOT)
        copy->parent = place[copy->parent];
    if (copy->children == 0)
        return;
    for (size_t i = 0; i < from->count; i++)
        if (from->nodes[i].parent == node && place[i] == AQ_DESCENT_ROOT)
            put(from, i, depth + 1, to, place);
}

static void sort(struct aq_descent *descent)
{
    struct aq_descent sorted = {.nodes = aq_alloc((descent->count + 1) * sizeof *descent->nodes),
                                .capacity = descent->count};
    aq_autofree size_t *place = aq_alloc((descent->count + 1) * sizeof *place);
    memset(place, 0xff, descent->count * sizeof *place);
    for (size_t i = 0; i < descent->count; i++)
        if (descent->nodes[i].parent == AQ_DESCENT_ROOT)
            put(descent, i, 0, &sorted, place);
    for (size_t i = 0; i < descent->count; i++)
        if (place[i] == AQ_DESCENT_ROOT) { /* in a circle: nobody but a vandal makes one */
            descent->nodes[i].parent = AQ_DESCENT_ROOT;
            put(descent, i, 0, &sorted, place);
        }
    free(descent->nodes);
    *descent = sorted;
}

int aq_descent_read(struct aq_descent *descent, struct aq_error *err)
{
    if (add_bases(descent, err) < 0 || add_layers(descent, err) < 0 || add_templates(descent, err) < 0 ||
        add_vms(descent, err) < 0)
        return -1;
    mark_kept(descent);
    find_parents(descent);
    sort(descent);
    return 0;
}
