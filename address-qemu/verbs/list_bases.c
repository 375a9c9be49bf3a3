/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "util/home.h"
#include "util/size.h"
#include "verbs/base_fields.h"
#include "vm/vm.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_field sets[] = {
    {"COUNT", "how many bases there are"},
    {"BASES.n.NAME",
     "a base; also `PATH`, `FORMAT`, `VIRTUAL_SIZE` (bytes), `MEMORY` (MiB), `CPUS`, `OS`, `CREATED`, "
     "`CLONES` (how many VMs stem from it) and `STATUS` (`ready`, `changed`, `missing`, `broken`)"},
    {"BASES.n.ERROR", "what is wrong with a broken one"},
    {NULL},
};

const struct aq_verb aq_verb_list_bases = {
    .name = "list_bases",
    .group = "Bases",
    .summary = "List the bases, and whether their disks are what was registered",
    .sets = sets,
    .example = "list_bases",
    .read_only = true,
    .run = run,
};

/* How many VMs stem from each base, in one pass over the VMs. One that cannot be read counts for none; `list`
   shows it. */
struct counts {
    const struct aq_strings *bases;
    int64_t *clones;
};

static void count_clone(void *data, const struct aq_vm *vm)
{
    struct counts *counts = data;
    for (size_t b = 0; b < counts->bases->count; b++)
        counts->clones[b] += strcmp(counts->bases->items[b], vm->base) == 0;
}

static int count_clones(const struct aq_strings *bases, int64_t *clones, struct aq_error *err)
{
    struct counts counts = {bases, clones};
    return aq_vm_each(count_clone, &counts, err);
}

static void add_row(struct aq_call *call, struct aq_table *table, const struct aq_base *base, int64_t clones)
{
    char size[AQ_SIZE_TEXT], memory[AQ_SIZE_TEXT];
    const char *status = aq_base_status(base);
    aq_table_row(table);
    aq_table_text(table, "NAME", base->name);
    aq_table_text(table, "PATH", base->path);
    aq_table_text(table, "FORMAT", base->format);
    aq_table_int(table, "VIRTUAL_SIZE", (int64_t)base->virtual_size);
    aq_table_int(table, "MEMORY", base->memory);
    aq_table_int(table, "CPUS", base->cpus);
    aq_table_text(table, "OS", base->os);
    aq_table_text(table, "CREATED", base->created);
    aq_table_int(table, "CLONES", clones);
    aq_table_text(table, "STATUS", status);
    aq_result_say_more(call->result, "%-24s %-8s %8s %8s %4u %6lld  %s\n", base->name, status,
                       aq_size_text(base->virtual_size, size),
                       aq_size_text((uint64_t)base->memory << 20, memory), base->cpus, (long long)clones,
                       base->path);
}

/* A record that cannot be read is shown, not an end of the listing: `remove_base` clears it. */
static void add_broken(struct aq_call *call, struct aq_table *table, const char *name, int64_t clones,
                       const struct aq_error *reason)
{
    aq_table_row(table);
    aq_table_text(table, "NAME", name);
    aq_table_int(table, "CLONES", clones);
    aq_table_text(table, "STATUS", "broken");
    aq_table_text(table, "ERROR", reason->text);
    aq_result_say_more(call->result, "%-24s %-8s %s\n", name, "broken", reason->text);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_base_list(&names, err) < 0)
        return -1;
    aq_autofree int64_t *clones = aq_alloc(names.count * sizeof *clones);
    if (count_clones(&names, clones, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(call->result, "BASES");
    int64_t count = 0;
    aq_result_say(call->result, "%-24s %-8s %8s %8s %4s %6s  %s\n", "NAME", "STATUS", "SIZE", "MEMORY",
                  "CPUS", "CLONES", "PATH");
    for (size_t i = 0; i < names.count; i++) {
        aq_autobase struct aq_base base = {0};
        struct aq_error reason = {0};
        int loaded = aq_base_load(names.items[i], &base, &reason);
        if (loaded < 0 && reason.code == AQ_E_BASE_NOT_FOUND)
            continue; /* removed a moment ago */
        if (loaded < 0)
            add_broken(call, table, names.items[i], clones[i], &reason);
        else
            add_row(call, table, &base, clones[i]);
        count++;
    }
    aq_result_set_int(call->result, "COUNT", count);
    if (count == 0)
        aq_result_say(call->result, "no base is registered");
    return 0;
}
