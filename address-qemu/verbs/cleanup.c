/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "util/clock.h"
#include "util/home.h"
#include "util/size.h"
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"all", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "running, paused and saved VMs too, and those whose record cannot be read"},
    {"older_than", AQ_TYPE_DURATION,
     .meaning = "only VMs whose disk was last written that long ago; running ones, if they were started "
                "that long ago"},
    {"dry_run", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "say what would be removed, and do nothing"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many VMs were removed, or would be"},
    {"BYTES", "what their disks took on the host"},
    {"VMS.n.NAME",
     "a VM that was to go; also `STATUS` (as it was), `AGE` (seconds since it was in use), `BYTES` and "
     "`REMOVED`"},
    {"VMS.n.ERROR", "why it could not be removed"},
    {NULL},
};

const struct aq_verb aq_verb_cleanup = {
    .name = "cleanup",
    .group = "VMs",
    .summary = "Remove the stopped VMs, or all",
    .details = "A VM that is started or removed by another process meanwhile is left to it.",
    .params = params,
    .sets = sets,
    .example = "cleanup older_than=24h dry_run=true",
    .run = run,
};

/* One pass over the VMs. */
struct cleanup {
    struct aq_call *call;
    struct aq_table *table;
    int vms;
    bool all, dry_run;
    int64_t older_than; /* ms */
    int64_t count, bytes;
    struct aq_error failure; /* the first */
};

/* What is known of a VM that may have to go. */
struct candidate {
    const char *name, *status;
    int64_t age; /* ms since it was last in use; of a running one, since it was started */
    int64_t bytes;
};

/* `vm` may be one whose record could not be read. A disk that is a user's own is not counted: it stays. */
static void look_at_disk(int vms, const struct aq_vm *vm, struct candidate *candidate)
{
    const char *file = vm->disk != NULL ? vm->disk : AQ_VM_DISK;
    aq_autofree char *path = file[0] == '/' ? aq_strdup(file) : aq_format("%s/%s", candidate->name, file);
    struct stat disk;
    if (fstatat(vms, path, &disk, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    int64_t age = (int64_t)(time(NULL) - disk.st_mtime) * 1000;
    candidate->bytes = file[0] == '/' ? 0 : (int64_t)disk.st_blocks * 512;
    candidate->age = age > 0 ? age : 0;
}

/* Is it to go? Fills in what is said of it. */
static bool judge(const struct cleanup *cleanup, struct candidate *candidate)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    struct aq_error unread = {0};
    int loaded = aq_vm_load_at(cleanup->vms, candidate->name, &vm, &unread);
    look_at_disk(cleanup->vms, &vm, candidate);
    int running = loaded == 0 ? aq_run_read_at(cleanup->vms, &vm, &run, &unread) : -1;
    candidate->status = running < 0 ? "broken" : aq_run_status(&vm, running > 0 ? &run : NULL);
    if (running > 0)
        candidate->age = aq_uptime_ms(run.process.start_time);
    return loaded != -2 && (cleanup->all || (running == 0 && !aq_vm_is_saved(&vm))) &&
           candidate->age >= cleanup->older_than;
}

static void add_row(struct cleanup *cleanup, const struct candidate *candidate, bool removed)
{
    aq_table_row(cleanup->table);
    aq_table_text(cleanup->table, "NAME", candidate->name);
    aq_table_text(cleanup->table, "STATUS", candidate->status);
    aq_table_int(cleanup->table, "AGE", candidate->age / 1000);
    aq_table_int(cleanup->table, "BYTES", candidate->bytes);
    aq_table_bool(cleanup->table, "REMOVED", removed);
    char age[AQ_SIZE_TEXT], bytes[AQ_SIZE_TEXT];
    aq_result_say_more(cleanup->call->result, "%-24s %-8s %8s %8s\n", candidate->name, candidate->status,
                       aq_duration_text(candidate->age, age),
                       aq_size_text((uint64_t)candidate->bytes, bytes));
}

/* One that cannot be removed does not keep the others; -1 only when interrupted. */
static int take(struct cleanup *cleanup, const struct candidate *candidate, struct aq_error *err)
{
    struct aq_error reason = {0};
    bool removed = !cleanup->dry_run && aq_vm_remove(candidate->name, cleanup->all, &reason) == 0;
    if (reason.code == AQ_E_INTERRUPTED)
        return aq_fail(err, reason.code, "%s", reason.text);
    if (reason.code == AQ_E_VM_NOT_FOUND || reason.code == AQ_E_VM_RUNNING)
        return 0; /* removed or started by somebody else meanwhile */
    add_row(cleanup, candidate, removed);
    if (reason.code != AQ_OK) {
        aq_table_text(cleanup->table, "ERROR", reason.text);
        aq_fail(&cleanup->failure, reason.code, "%s could not be removed: %s", candidate->name, reason.text);
        return 0;
    }
    cleanup->count++;
    cleanup->bytes += candidate->bytes;
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_vm_list(&names, err) < 0)
        return -1;
    struct cleanup cleanup = {
        .call = call,
        .table = aq_result_table(call->result, "VMS"),
        .vms = vms,
        .all = aq_arg_bool(call, "all"),
        .dry_run = aq_arg_bool(call, "dry_run"),
        .older_than = aq_arg_number(call, "older_than"),
    };
    for (size_t i = 0; i < names.count; i++) {
        struct candidate candidate = {.name = names.items[i]};
        if (judge(&cleanup, &candidate) && take(&cleanup, &candidate, err) < 0)
            return -1;
    }
    char bytes[AQ_SIZE_TEXT];
    aq_result_set_int(call->result, "COUNT", cleanup.count);
    aq_result_set_int(call->result, "BYTES", cleanup.bytes);
    aq_result_say_more(call->result, "%lld of %zu VMs %s, %s", (long long)cleanup.count, names.count,
                       cleanup.dry_run ? "would be removed" : "removed",
                       aq_size_text((uint64_t)cleanup.bytes, bytes));
    return cleanup.failure.code == AQ_OK ? 0 : aq_fail(err, cleanup.failure.code, "%s", cleanup.failure.text);
}
