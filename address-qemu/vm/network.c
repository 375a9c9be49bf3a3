/* SPDX-License-Identifier: MIT */
#include "vm/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/net.h"
#include "qemu/ports.h"
#include "vm/bound.h"
#include "vm/companion.h"
#include "vm/host_names.h"
#include "vm/private_network.h"
#include "vm/record.h"

enum {
    COMPANION_MS = 10000,
    ASK_EVERY_MS = 100,
    SETTLED_MS = 3000, /* after which a guest that was given its address is taken to use it */
};

bool aq_network_has_gateway(const struct aq_vm *vm)
{
    return strcmp(vm->network, "none") != 0;
}

const char *aq_network_address(const struct aq_vm *vm, char text[AQ_IP_TEXT])
{
    text[0] = '\0';
    if (aq_private_network_has(vm))
        snprintf(text, AQ_IP_TEXT, "%s", vm->address);
    else if (aq_network_has_gateway(vm))
        aq_ip_text(&AQ_NET4_GUEST, text);
    return text;
}

static int check_changeable(const struct aq_vm_hold *hold, struct aq_error *err)
{
    const struct aq_vm *vm = &hold->vm;
    if (hold->running)
        return aq_fail(err, AQ_E_VM_RUNNING,
                       "the VM %s is running with its network card; `stop name=%s` it first", vm->name,
                       vm->name);
    if (aq_vm_is_saved(vm))
        return aq_fail(err, AQ_E_VM_SAVED,
                       "the VM %s has a state that was saved at %s, in which it has the network %s; "
                       "`restore_state` it first, or `start` it with discard_state=true",
                       vm->name, vm->saved, vm->network);
    if (aq_vm_is_bound(vm, false))
        return aq_fail(err, AQ_E_VM_MISMATCH,
                       "the VM %s has snapshots with memory, in which it has the network %s; "
                       "`remove_snapshot` them first, or `clone vm=%s` with another network=",
                       vm->name, vm->network, vm->name);
    return 0;
}

int aq_network_configure(const char *name, const char *network, struct aq_vm *vm, struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (aq_vm_hold(name, &hold, err) < 0)
        return -1;
    if (strcmp(hold.vm.network, network) != 0) {
        if (check_changeable(&hold, err) < 0)
            return -1;
        free(hold.vm.network);
        hold.vm.network = aq_strdup(network);
        hold.vm.address[0] = '\0';
        if (aq_vm_write(&hold.vm, hold.lock, err) < 0)
            return -1;
    }
    return aq_vm_load(name, vm, err);
}

int aq_network_check_ports(const struct aq_port_rule *ports, unsigned count, struct aq_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        aq_autoport struct aq_port port = AQ_PORT_UNRESERVED;
        if (ports[i].host != 0 &&
            aq_port_reserve(ports[i].protocol, ports[i].address, ports[i].host, &port, err) < 0)
            return -1;
    }
    return 0;
}

static int tell_hosts(int fd, const struct aq_egress *egress, aq_deadline deadline, struct aq_error *err)
{
    aq_autostrings struct aq_strings lines = {0};
    aq_autobuffer struct aq_buffer words = {0};
    for (unsigned i = 0; i < egress->count; i++)
        if (egress->rules[i].where == AQ_EGRESS_NAME)
            aq_host_known(egress->rules[i].name, &lines);
    for (size_t i = 0; i < lines.count; i++)
        aq_buffer_format(&words, " %s", lines.items[i]);
    return aq_companion_call(fd, -1, NULL, deadline, err, "hosts%s", aq_buffer_text(&words));
}

static int tell_nameservers(int fd, aq_deadline deadline, struct aq_error *err)
{
    aq_autostrings struct aq_strings servers = {0};
    aq_autobuffer struct aq_buffer words = {0};
    aq_host_nameservers(&servers);
    for (size_t i = 0; i < servers.count; i++)
        aq_buffer_format(&words, " %s", servers.items[i]);
    return aq_companion_call(fd, -1, NULL, deadline, err, "nameservers%s", aq_buffer_text(&words));
}

int aq_network_tell_rules(int fd, const char *rules, aq_deadline deadline, struct aq_error *err)
{
    aq_autofree struct aq_egress *egress = aq_alloc(sizeof *egress);
    return aq_egress_parse(rules, egress, err) < 0 || tell_nameservers(fd, deadline, err) < 0 ||
                   aq_companion_call(fd, -1, NULL, deadline, err, "rules %s", rules) < 0 ||
                   tell_hosts(fd, egress, deadline, err) < 0
               ? -1
               : 0;
}

static int tell_running(const struct aq_run *run, const char *rules, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(COMPANION_MS);
    aq_autodisconnect struct aq_qemu_connection connection = AQ_QEMU_UNCONNECTED;
    return aq_companion_connect(run, deadline, &connection, err) < 0
               ? -1
               : aq_network_tell_rules(connection.fd, rules, deadline, err);
}

/* The list with both added: what is allowed first, so that of one that is in both it is denied. free() it. */
static char *changed_rules(const struct aq_vm *vm, const char *allow, const char *deny, struct aq_error *err)
{
    aq_autofree struct aq_egress *egress = aq_alloc(sizeof *egress);
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_egress_parse(vm->egress, egress, err) < 0 ||
        (allow != NULL && aq_egress_change(egress, allow, false, err) < 0) ||
        (deny != NULL && aq_egress_change(egress, deny, true, err) < 0))
        return NULL;
    aq_egress_text(egress, &text);
    return aq_strdup(aq_buffer_text(&text));
}

/* Puts them into force, then on record; when either fails, those from before are in force again, as far as
   the companion can be told. */
static int set_rules(struct aq_vm *vm, int lock, const struct aq_run *run, const char *rules,
                     struct aq_error *err)
{
    aq_autofree char *before = vm->egress;
    struct aq_error ignored = {0};
    vm->egress = aq_strdup(rules);
    if ((run == NULL || tell_running(run, rules, err) == 0) && aq_vm_write(vm, lock, err) == 0)
        return 0;
    if (run != NULL)
        tell_running(run, before, &ignored);
    return -1;
}

int aq_network_change_egress(struct aq_vm *vm, const char *allow, const char *deny, struct aq_error *err)
{
    aq_autovm struct aq_vm now = {0};
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0 || aq_vm_load(vm->name, &now, err) < 0)
        return -1;
    if (!aq_network_has_gateway(&now))
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the VM %s has no network, so there is nothing that it may reach", now.name);
    struct aq_run run = {0};
    int running = aq_run_read(&now, &run, err);
    aq_autofree char *rules = running < 0 ? NULL : changed_rules(&now, allow, deny, err);
    if (rules == NULL)
        return -1;
    aq_interrupt_hold(); /* what is in force has to be on record */
    int set = set_rules(&now, lock, running > 0 ? &run : NULL, rules, err);
    aq_interrupt_release();
    if (set < 0)
        return -1;
    free(vm->egress);
    vm->egress = aq_steal_ptr(&rules);
    return 0;
}

/* Asks once, which takes a second when nobody answers: 1 it is up. */
static int ask_up(const struct aq_run *run, const char **why, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(COMPANION_MS);
    aq_autostrings struct aq_strings rows = {0};
    aq_autodisconnect struct aq_qemu_connection companion = AQ_QEMU_UNCONNECTED;
    if (aq_companion_connect(run, deadline, &companion, err) < 0 ||
        aq_companion_call(companion.fd, -1, &rows, deadline, err, "network") < 0)
        return -1;
    long long leased_ms;
    bool leased = rows.count > 0 && sscanf(rows.items[0], "leased %lld", &leased_ms) == 1;
    *why = leased ? "it was given its address, but does not answer"
                  : "it has not asked for its address since it came up, and does not answer";
    return aq_strings_has(&rows, "open") || (leased && leased_ms >= SETTLED_MS);
}

int aq_network_wait_up(const struct aq_run *run, aq_deadline deadline, const char **why, struct aq_error *err)
{
    int up;
    while ((up = ask_up(run, why, err)) == 0 && aq_ms_left(deadline) > 0)
        if (aq_sleep_until(aq_after_ms(ASK_EVERY_MS), err) < 0)
            return -1;
    return up;
}
