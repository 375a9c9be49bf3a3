/* SPDX-License-Identifier: MIT */
#include "util/clock.h"
#include "util/process_usage.h"
#include "util/size.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .positional = true, .aliases = "vm",
     .meaning = "the VM; all that run unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many VMs run"},
    {"VMS.n.NAME",
     "a VM that runs; also `STATUS`, `PID`, `UPTIME` (seconds), `CPU_MS` (used since its start), "
     "`CPU_PERCENT` "
     "(of one CPU, on average), `RSS`, `PSS` (bytes; PSS counts what is shared in parts), `THREADS`, "
     "`BYTES_READ` and `BYTES_WRITTEN` (from and to storage). What the kernel does not tell is not set."},
    {NULL},
};

const struct aq_verb aq_verb_process_stats = {
    .name = "process_stats",
    .group = "Host",
    .summary = "Tell what the running VMs use of the host",
    .params = params,
    .sets = sets,
    .example = "process_stats",
    .read_only = true,
    .run = run,
};

/* What the kernel does not tell stays unset. */
static void set_known(struct aq_table *table, const char *column, int64_t value)
{
    if (value >= 0)
        aq_table_int(table, column, value);
}

static const char *size_or_dash(int64_t bytes, char text[AQ_SIZE_TEXT])
{
    return bytes < 0 ? "-" : aq_size_text((uint64_t)bytes, text);
}

static void add_row(struct aq_call *call, struct aq_table *table, const struct aq_vm *vm,
                    const struct aq_run *run, const struct aq_process_usage *usage)
{
    char cpu[AQ_SIZE_TEXT], rss[AQ_SIZE_TEXT], pss[AQ_SIZE_TEXT], in[AQ_SIZE_TEXT], out[AQ_SIZE_TEXT];
    int64_t uptime = aq_uptime_ms(run->process.start_time);
    aq_table_row(table);
    aq_table_text(table, "NAME", vm->name);
    aq_table_text(table, "STATUS", aq_run_status(vm, run));
    aq_table_int(table, "PID", run->process.pid);
    aq_table_int(table, "UPTIME", uptime / 1000);
    set_known(table, "CPU_MS", usage->cpu_ms);
    if (usage->cpu_ms >= 0 && uptime > 0)
        aq_table_int(table, "CPU_PERCENT", usage->cpu_ms * 100 / uptime);
    set_known(table, "RSS", usage->rss);
    set_known(table, "PSS", usage->pss);
    set_known(table, "THREADS", usage->threads);
    set_known(table, "BYTES_READ", usage->bytes_read);
    set_known(table, "BYTES_WRITTEN", usage->bytes_written);
    aq_result_say_more(call->result, "%-24s %8d %10s %8s %8s %8s %8s\n", vm->name, run->process.pid,
                       aq_duration_text(usage->cpu_ms > 0 ? usage->cpu_ms : 0, cpu),
                       size_or_dash(usage->rss, rss), size_or_dash(usage->pss, pss),
                       size_or_dash(usage->bytes_read, in), size_or_dash(usage->bytes_written, out));
}

static int add_vm(struct aq_call *call, struct aq_table *table, const char *name, bool needed,
                  struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    struct aq_process_usage usage;
    if (aq_vm_load(name, &vm, err) < 0)
        return -1;
    int running = needed ? aq_run_need(&vm, &run, err) : aq_run_read(&vm, &run, err);
    if (running < 0)
        return -1;
    if ((needed || running > 0) && aq_process_usage(&run.process, &usage))
        add_row(call, table, &vm, &run, &usage);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    struct aq_table *table = aq_result_table(call->result, "VMS");
    aq_result_say(call->result, "%-24s %8s %10s %8s %8s %8s %8s\n", "NAME", "PID", "CPU", "RSS", "PSS",
                  "READ", "WRITTEN");
    if (name != NULL) {
        if (add_vm(call, table, name, true, err) < 0)
            return -1;
    } else {
        aq_autostrings struct aq_strings names = {0};
        if (aq_vm_list(&names, err) < 0)
            return -1;
        for (size_t i = 0; i < names.count; i++) {
            struct aq_error ignored = {0}; /* a broken or vanished VM has no process that is known */
            add_vm(call, table, names.items[i], false, &ignored);
        }
    }
    aq_result_set_int(call->result, "COUNT", (int64_t)aq_result_row_count(call->result, 0));
    return 0;
}
