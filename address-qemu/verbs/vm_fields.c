/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"

#include <stdlib.h>

#include "util/size.h"
#include "vm/guest.h"

int aq_set_vm_fields(aq_result *result, const struct aq_vm *vm, const struct aq_run *run,
                     struct aq_error *err)
{
    aq_autofree char *disk = aq_vm_disk_path(vm, err);
    if (disk == NULL)
        return -1;
    aq_result_set_text(result, "VM", vm->name);
    aq_result_set_text(result, "NAME", vm->name);
    aq_result_set_text(result, "STATUS", aq_run_status(vm, run));
    aq_result_set_text(result, "DISK", disk);
    aq_result_set_text(result, "BASED_ON", vm->base);
    if (vm->parent.kind == AQ_PARENT_LAYER)
        aq_result_set_text(result, "LAYER", vm->parent.name);
    aq_result_set_int(result, "MEMORY", vm->memory);
    aq_result_set_int(result, "CPUS", vm->cpus);
    if (run == NULL)
        return 0;
    aq_result_set_int(result, "PID", run->process.pid);
    aq_result_set_text(result, "ACCEL", aq_accel_name(run->accel));
    aq_result_set_text(result, "BOOT", aq_run_boot_name(run->boot));
    uint16_t ssh = aq_run_host_port(run, AQ_SSH_PORT);
    if (ssh != 0)
        aq_result_set_int(result, "SSH_PORT", ssh);
    return 0;
}

void aq_set_port_rows(aq_result *result, const struct aq_run *run)
{
    struct aq_table *table = aq_result_table(result, "PORTS");
    bool ingress = false;
    for (unsigned i = 0; i < run->port_count; i++) {
        const struct aq_port_rule *rule = &run->ports[i];
        aq_table_row(table);
        aq_table_text(table, "PROTOCOL", rule->protocol);
        aq_table_text(table, "ADDRESS", rule->address);
        aq_table_int(table, "HOST", rule->host);
        aq_table_int(table, "GUEST", rule->guest);
        if (rule->guest != AQ_SSH_PORT && !ingress) {
            aq_result_set_int(result, "INGRESS_PORT", rule->host);
            ingress = true;
        }
    }
}

const char *aq_mib_text(unsigned mib, char *text)
{
    return aq_size_text((uint64_t)mib << 20, text);
}

int64_t aq_ready_deadline(const struct aq_call *call, const struct aq_run *run)
{
    return aq_arg_given(call, "ready_timeout") ? aq_after_ms(aq_arg_number(call, "ready_timeout"))
                                               : aq_guest_patience(run);
}

void aq_set_method(aq_result *result, const struct aq_guest *guest)
{
    aq_result_set_text(result, "METHOD", aq_channel_name(guest->channel));
    if (guest->reason[0] != '\0')
        aq_result_set_text(result, "METHOD_REASON", guest->reason);
}

void aq_say_method(aq_result *result, const struct aq_guest *guest)
{
    if (guest->reason[0] != '\0')
        aq_result_say_more(result, " (%s: %s)",
                           guest->channel == guest->ssh ? "through SSH" : "by the console", guest->reason);
}
