/* SPDX-License-Identifier: MIT */
#include "image/qcow2.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/json.h"
#include "util/size.h"
#include "verbs/base_fields.h"
#include "vm/vm.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .positional = true, .aliases = "base", .meaning = "the base"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_BASE_FIELDS,
    {"COUNT", "how many VMs stem from it"},
    {"CLONES.n", "the name of one"},
    {"FILE_SIZE", "the size of the disk's file, in bytes"},
    {"QCOW2_VERSION", "2 or 3, when the disk is ready"},
    {"CLUSTER_SIZE", "of the disk's file, in bytes, when it is ready"},
    {"SNAPSHOTS.n.NAME", "a snapshot inside the disk's file; also `ID`, `DATE`, `VM_STATE_SIZE` (bytes)"},
    {"BUILT.n.KEY", "how create_base made it; also `VALUE`"},
    {NULL},
};

const struct aq_verb aq_verb_inspect_base = {
    .name = "inspect_base",
    .group = "Bases",
    .summary = "Show all that is known of a base",
    .params = params,
    .sets = sets,
    .example = "inspect_base name=debian",
    .read_only = true,
    .run = run,
};

static int set_clones(aq_result *result, const char *base, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_vm_clones(base, &names, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(result, "CLONES");
    for (size_t i = 0; i < names.count; i++) {
        aq_table_row(table);
        aq_table_text(table, "", names.items[i]);
    }
    aq_result_set_int(result, "COUNT", (int64_t)names.count);
    return 0;
}

static void set_snapshots(aq_result *result, const struct aq_qcow2_snapshots *snapshots)
{
    struct aq_table *table = aq_result_table(result, "SNAPSHOTS");
    for (size_t i = 0; i < snapshots->count; i++) {
        const struct aq_qcow2_snapshot *snapshot = &snapshots->items[i];
        char date[AQ_TIME_TEXT];
        aq_table_row(table);
        aq_table_text(table, "ID", snapshot->id);
        aq_table_text(table, "NAME", snapshot->name);
        aq_table_text(table, "DATE", aq_time_text(snapshot->date, date));
        aq_table_int(table, "VM_STATE_SIZE", (int64_t)snapshot->vm_state_size);
    }
}

/* What the disk itself says; only while it is what was registered, because then it was judged. */
static int set_image(aq_result *result, const struct aq_base *base, struct aq_error *err)
{
    struct aq_qcow2_info info;
    bool layered = base->layer[0] != '\0';
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    aq_autoclose int disk = aq_open_input(base->path, err);
    if (disk < 0 || aq_qcow2_read(disk, base->path, &info, err) < 0 ||
        aq_qcow2_judge(&info, layered ? info.backing_file : NULL, base->path, err) < 0 ||
        aq_qcow2_read_snapshots(disk, &info, base->path, &snapshots, err) < 0)
        return -1;
    aq_result_set_int(result, "QCOW2_VERSION", info.version);
    aq_result_set_int(result, "CLUSTER_SIZE", INT64_C(1) << info.cluster_bits);
    set_snapshots(result, &snapshots);
    return 0;
}

static void set_built(aq_result *result, const json_t *built)
{
    struct aq_table *table = aq_result_table(result, "BUILT");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)built, key, value)
    {
        char *json = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        aq_table_row(table);
        aq_table_text(table, "KEY", key);
        aq_table_text(table, "VALUE", json != NULL ? json : json_string_value(value));
        free(json);
    }
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    struct aq_error reason = {0};
    char size[AQ_SIZE_TEXT];
    if (aq_base_load(aq_arg_text(call, "name"), &base, err) < 0)
        return -1;
    aq_set_base_fields(call->result, &base);
    aq_result_set_int(call->result, "FILE_SIZE", (int64_t)base.pin.size);
    if (set_clones(call->result, base.name, err) < 0)
        return -1;
    if (base.built != NULL)
        set_built(call->result, base.built);
    aq_result_say(call->result, "base %s: %s (%s), %s", base.name, base.path,
                  aq_size_text(base.virtual_size, size), aq_base_status(&base));
    if (aq_base_check(&base, &reason) < 0) {
        aq_result_say_more(call->result, "\n%s", reason.text);
        return 0;
    }
    return set_image(call->result, &base, err);
}
