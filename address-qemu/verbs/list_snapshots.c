/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/size.h"
#include "verbs/snapshot_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_VM, {NULL}};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"COUNT", "how many snapshots it has"},
    AQ_SNAPSHOT_FIELDS,
    {NULL},
};

const struct aq_verb aq_verb_list_snapshots = {
    .name = "list_snapshots",
    .group = "Snapshots",
    .summary = "List a VM's snapshots, oldest first",
    .params = params,
    .sets = sets,
    .example = "list_snapshots name=web",
    .read_only = true,
    .run = run,
};

enum aq_quiesce aq_quiesce_wish(const struct aq_call *call)
{
    if (!aq_arg_given(call, "quiesce"))
        return AQ_QUIESCE_TRY;
    return aq_arg_bool(call, "quiesce") ? AQ_QUIESCE_MUST : AQ_QUIESCE_NEVER;
}

int64_t aq_set_snapshot_rows(aq_result *result, const struct aq_vm *vm, struct aq_error *err)
{
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    if (aq_vm_snapshots(vm, &snapshots, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(result, "SNAPSHOTS");
    for (size_t i = 0; i < snapshots.count; i++) {
        char date[AQ_TIME_TEXT];
        aq_table_row(table);
        aq_table_text(table, "NAME", snapshots.items[i].name);
        aq_table_text(table, "CREATED", aq_time_text(snapshots.items[i].date, date));
        aq_table_bool(table, "MEMORY", snapshots.items[i].vm_state_size != 0);
        aq_table_int(table, "VM_STATE_SIZE", (int64_t)snapshots.items[i].vm_state_size);
    }
    return (int64_t)snapshots.count;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    aq_autovm struct aq_vm vm = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    int64_t count = aq_set_snapshot_rows(result, &vm, err);
    if (count < 0)
        return -1;
    aq_result_set_text(result, "VM", vm.name);
    aq_result_set_int(result, "COUNT", count);
    aq_result_say(result, "%-32s %-20s %s\n", "NAME", "CREATED", "MEMORY");
    for (size_t i = 0; i < (size_t)count; i++) {
        char size[AQ_SIZE_TEXT];
        const char *bytes = aq_result_cell(result, 0, i, "VM_STATE_SIZE", NULL);
        aq_size_text((uint64_t)strtoll(bytes, NULL, 10), size);
        aq_result_say_more(result, "%-32s %-20s %s\n", aq_result_cell(result, 0, i, "NAME", NULL),
                           aq_result_cell(result, 0, i, "CREATED", NULL),
                           strcmp(bytes, "0") == 0 ? "-" : size);
    }
    if (count == 0)
        aq_result_say(result, "%s has no snapshots", vm.name);
    return 0;
}
