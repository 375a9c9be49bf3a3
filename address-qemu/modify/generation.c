/* SPDX-License-Identifier: MIT */
#include "modify/generation.h"

#include <string.h>

#include "util/clock.h"
#include "util/json.h"
#include "vm/vm.h"

static json_t *list_of(const struct aq_base *base)
{
    return json_object_get(base->built, "generations");
}

unsigned aq_generation_present(const struct aq_base *base)
{
    return (unsigned)aq_json_int(base->built, "generation", 0);
}

bool aq_generation_at(const struct aq_base *base, size_t index, struct aq_generation *generation)
{
    const json_t *one = json_array_get(list_of(base), index);
    if (one == NULL)
        return false;
    *generation = (struct aq_generation){
        .number = (unsigned)aq_json_int(one, "number", 0),
        .layer = aq_json_text(one, "layer", ""),
        .created = aq_json_text(one, "created", ""),
        .spec = aq_json_text(one, "spec", ""),
        .base = aq_json_text(one, "base", ""),
    };
    return true;
}

static bool find(const struct aq_base *base, unsigned number, struct aq_generation *generation)
{
    for (size_t i = 0; aq_generation_at(base, i, generation); i++)
        if (generation->number == number)
            return true;
    return false;
}

/* The base of that name: 1 it is one of ours, 0 there is none, -1. */
static int load(const char *name, struct aq_base *base, struct aq_error *err)
{
    struct aq_error reason = {0};
    if (aq_base_load(name, base, &reason) < 0)
        return reason.code == AQ_E_BASE_NOT_FOUND ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    if (list_of(base) != NULL)
        return 1;
    return aq_fail(
        err, AQ_E_BASE_EXISTS,
        "there is a base %s, which was not made by `modify`: it would be lost. Choose another name, or "
        "`remove_base name=%s` first",
        name, name);
}

int aq_generation_check_name(const char *name, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    return load(name, &base, err) < 0 ? -1 : 0;
}

static unsigned next_number(const struct aq_base *base)
{
    struct aq_generation generation;
    unsigned most = 0;
    for (size_t i = 0; aq_generation_at(base, i, &generation); i++)
        most = generation.number > most ? generation.number : most;
    return most + 1;
}

/* The record of the old base with a generation more. */
static json_t *extend(const struct aq_base *old, const struct aq_modify *modify, unsigned number)
{
    char now[AQ_TIME_TEXT];
    json_t *list = json_deep_copy(list_of(old));
    if (list == NULL)
        list = json_array();
    json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s, s:s}", "number", (json_int_t)number, "layer",
                                          aq_modify_top(modify)->id, "created", aq_now_text(now), "spec",
                                          modify->spec.where, "base", modify->base.name));
    while (json_array_size(list) > AQ_GENERATIONS_MAX)
        json_array_remove(list, 0);
    json_t *built = json_pack("{s:I, s:o}", "generation", (json_int_t)number, "generations", list);
    if (modify->base.root.count > 0)
        json_object_set_new(built, "root", aq_root_to_json(&modify->base.root));
    return built;
}

static int enter(const char *name, const char *layer, const struct aq_modify_base *from, json_t *built,
                 struct aq_base *base, struct aq_error *err)
{
    enum aq_base_outcome outcome;
    const struct aq_base_request request = {
        .name = name,
        .os = from->os,
        .memory = from->memory,
        .cpus = from->cpus,
        .rexxjs_installed = from->rexxjs_installed,
        .replace = true,
        .dependents = aq_vm_dependents,
    };
    return aq_base_register_layer(layer, &request, built, base, &outcome, err);
}

int aq_generation_add(const char *name, const struct aq_modify *modify, struct aq_base *base,
                      unsigned *number, struct aq_error *err)
{
    aq_autobase struct aq_base old = {0};
    int found = load(name, &old, err);
    if (found < 0)
        return -1;
    if (found > 0 && strcmp(old.layer, aq_modify_top(modify)->id) == 0) {
        *number = aq_generation_present(&old);
        *base = old;
        old = (struct aq_base){0};
        return 0;
    }
    *number = next_number(&old);
    return enter(name, aq_modify_top(modify)->id, &modify->base, extend(&old, modify, *number), base, err);
}

int aq_generation_switch(const char *name, unsigned number, struct aq_base *base, unsigned *now,
                         struct aq_error *err)
{
    struct aq_generation generation = {0};
    aq_autobase struct aq_base old = {0};
    if (aq_base_load(name, &old, err) < 0)
        return -1;
    unsigned present = aq_generation_present(&old);
    if (present == 0)
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the base %s was not made by `modify`: it has no earlier generation", name);
    for (size_t i = 0; number == 0 && aq_generation_at(&old, i, &generation) && generation.number < present;
         i++)
        *now = generation.number;
    *now = number != 0 ? number : *now;
    if (!find(&old, *now, &generation) || (number == 0 && *now == present))
        return aq_fail(
            err, AQ_E_GENERATION_NOT_FOUND,
            "%s has no generation %s; `history name=%s` shows those it has (the present one is %u)", name,
            number == 0 ? "before the present one" : "of that number", name, present);
    const struct aq_modify_base from = {
        .os = old.os, .memory = old.memory, .cpus = old.cpus, .rexxjs_installed = old.rexxjs_installed};
    json_t *built = json_deep_copy(old.built);
    json_object_set_new(built, "generation", json_integer((json_int_t)*now));
    return enter(name, generation.layer, &from, built, base, err);
}
