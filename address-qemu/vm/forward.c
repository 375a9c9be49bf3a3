/* SPDX-License-Identifier: MIT */
#include "vm/forward.h"

#include <string.h>

#include "qemu/ports.h"
#include "vm/companion.h"
#include "vm/network.h"
#include "vm/record.h"

enum { COMPANION_MS = 10000, UNDO_MS = 2000 };

/* A VM whose forwards are to be changed: held, its record, and its run (not running: process 0). */
struct change {
    int lock;
    struct aq_vm vm;
    struct aq_run *run;
    bool running;
    struct aq_qemu_connection companion;
    aq_deadline deadline;
};

static void change_free(struct change *change)
{
    aq_cleanup_close(&change->lock);
    aq_vm_free(&change->vm);
    aq_qemu_disconnect(&change->companion);
}
#define aq_autochange aq_cleanup(change_free)

static int change_begin(const char *vm_name, struct aq_run *run, struct change *change, struct aq_error *err)
{
    change->run = run;
    change->deadline = aq_after_ms(COMPANION_MS);
    change->companion = AQ_QEMU_UNCONNECTED;
    change->lock = aq_vm_lock(vm_name, AQ_LOCK_EXCLUSIVE, err);
    if (change->lock < 0 || aq_vm_load(vm_name, &change->vm, err) < 0)
        return -1;
    if (!aq_network_has_gateway(&change->vm))
        return aq_fail(err, AQ_E_NOT_SUPPORTED, "the VM %s has no network that ports could lead into",
                       vm_name);
    int running = aq_run_read(&change->vm, run, err);
    if (running < 0)
        return -1;
    change->running = running > 0;
    if (!change->running)
        *run = (struct aq_run){0};
    return change->running ? aq_companion_connect(run, change->deadline, &change->companion, err) : 0;
}

static int close_forward(int fd, const struct aq_port_rule *rule, aq_deadline deadline, struct aq_error *err)
{
    return aq_companion_call(fd, -1, NULL, deadline, err, "unforward %s %s %u", rule->protocol, rule->address,
                             rule->host);
}

int aq_forward_open(int fd, struct aq_port_rule *rule, aq_deadline deadline, struct aq_error *err)
{
    struct aq_error ignored = {0};
    aq_autoport struct aq_port port = AQ_PORT_UNRESERVED;
    bool again = rule->host == 0 && rule->chosen != 0 &&
                 aq_port_reserve(rule->protocol, rule->address, rule->chosen, &port, &ignored) == 0;
    if (!again && aq_port_reserve(rule->protocol, rule->address, rule->host, &port, err) < 0)
        return -1;
    rule->chosen = rule->host == 0 ? port.number : 0;
    rule->host = port.number;
    if (aq_companion_call(fd, port.fd, NULL, deadline, err, "forward %s %s %u %u", rule->protocol,
                          rule->address, rule->host, rule->guest) == 0)
        return 0;
    close_forward(fd, rule, aq_after_ms(UNDO_MS), &ignored); /* it may have done it all the same */
    return -1;
}

/* A rule of the record, and what it has become in the run. */
static bool same_rule(const struct aq_port_rule *of_record, const struct aq_port_rule *of_run)
{
    return of_record->guest == of_run->guest && strcmp(of_record->protocol, of_run->protocol) == 0 &&
           strcmp(of_record->address, of_run->address) == 0 &&
           (of_record->host == 0 ? of_run->chosen != 0 : of_record->host == of_run->host);
}

static int refuse_known(const struct change *change, const struct aq_port_rule *rule, struct aq_error *err)
{
    const struct aq_vm *vm = &change->vm;
    if (vm->port_count == AQ_VM_PORTS_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the VM %s has %d forwarded ports, as many as can be",
                       vm->name, AQ_VM_PORTS_MAX);
    for (unsigned i = 0; i < vm->port_count; i++) {
        const struct aq_port_rule *old = &vm->ports[i];
        if (old->guest == rule->guest && old->host == rule->host &&
            strcmp(old->protocol, rule->protocol) == 0 && strcmp(old->address, rule->address) == 0)
            return aq_fail(err, AQ_E_VM_MISMATCH, "the VM %s has that forward to its port %u already",
                           vm->name, rule->guest);
    }
    return 0;
}

/* What runs first, then what is on record; the other way round when that fails. */
static int write_both(struct change *change, struct aq_error *err)
{
    if (change->running && aq_run_write(change->lock, change->run, err) < 0)
        return -1;
    return aq_vm_write(&change->vm, change->lock, err);
}

static int add(struct change *change, struct aq_port_rule *rule, struct aq_error *err)
{
    struct aq_run *run = change->run;
    struct aq_port_rule live = *rule;
    if (change->running && aq_forward_open(change->companion.fd, &live, change->deadline, err) < 0)
        return -1;
    const struct aq_run before = *run;
    rule->chosen = live.chosen;
    change->vm.ports[change->vm.port_count++] = *rule;
    if (change->running)
        run->ports[run->port_count++] = live;
    if (write_both(change, err) == 0) {
        *rule = live;
        return 0;
    }
    struct aq_error ignored = {0};
    *run = before;
    if (change->running) {
        close_forward(change->companion.fd, &live, aq_after_ms(UNDO_MS), &ignored);
        aq_run_write(change->lock, run, &ignored);
    }
    return -1;
}

int aq_forward_add(const char *vm_name, struct aq_port_rule *rule, struct aq_run *run, struct aq_error *err)
{
    aq_autochange struct change change = {.lock = -1};
    if (change_begin(vm_name, run, &change, err) < 0 || refuse_known(&change, rule, err) < 0)
        return -1;
    aq_interrupt_hold(); /* what is open has to be on record */
    int added = add(&change, rule, err);
    aq_interrupt_release();
    return added;
}

static bool is_meant(const struct aq_port_rule *rule, const struct aq_port_rule *which)
{
    return strcmp(rule->protocol, which->protocol) == 0 &&
           (which->guest == 0 || rule->guest == which->guest) &&
           (which->host == 0 || rule->host == which->host ||
            (rule->host == 0 && rule->chosen == which->host));
}

/* Takes the one at that place of the run away. */
static int close_live(struct change *change, unsigned place, struct aq_error *err)
{
    struct aq_run *run = change->run;
    if (close_forward(change->companion.fd, &run->ports[place], change->deadline, err) < 0)
        return -1;
    memmove(&run->ports[place], &run->ports[place + 1],
            (--run->port_count - place) * sizeof run->ports[place]);
    return 0;
}

static int close_of_rule(struct change *change, const struct aq_port_rule *rule, struct aq_error *err)
{
    for (unsigned i = 0; change->running && i < change->run->port_count; i++)
        if (same_rule(rule, &change->run->ports[i]))
            return close_live(change, i, err);
    return 0;
}

/* Closes those that are meant, and records it: how many. What follows one that cannot be closed stays, but
   those before it are gone, and so from the record. */
static int remove_meant(struct change *change, const struct aq_port_rule *which, struct aq_error *err)
{
    struct aq_vm *vm = &change->vm;
    struct aq_error ignored = {0};
    unsigned kept = 0, removed = 0;
    bool failed = false;
    for (unsigned i = 0; i < vm->port_count; i++) {
        const struct aq_port_rule rule = vm->ports[i];
        bool meant = !failed && is_meant(&rule, which);
        failed = failed || (meant && close_of_rule(change, &rule, err) < 0);
        if (meant && !failed)
            removed++;
        else
            vm->ports[kept++] = rule;
    }
    vm->port_count = kept;
    if (removed > 0 && write_both(change, failed ? &ignored : err) < 0)
        failed = true;
    return failed ? -1 : (int)removed;
}

int aq_forward_remove(const char *vm_name, const struct aq_port_rule *which, struct aq_run *run,
                      struct aq_error *err)
{
    aq_autochange struct change change = {.lock = -1};
    if (change_begin(vm_name, run, &change, err) < 0)
        return -1;
    aq_interrupt_hold(); /* what is closed must not stay on record */
    int removed = remove_meant(&change, which, err);
    aq_interrupt_release();
    if (removed == 0)
        return aq_fail(
            err, AQ_E_FORWARD_NOT_FOUND,
            "no %s port of the host that could be taken away leads to %s's port %u; `ports vm=%s` shows "
            "what does",
            which->protocol, vm_name, which->guest, vm_name);
    return removed;
}

int aq_forward_note_chosen(const char *vm_name, int lock, const struct aq_run *run, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    bool changed = false;
    if (aq_vm_load(vm_name, &vm, err) < 0)
        return -1;
    for (unsigned i = 0; i < vm.port_count && i < run->port_count; i++)
        if (vm.ports[i].host == 0 && vm.ports[i].chosen != run->ports[i].chosen) {
            vm.ports[i].chosen = run->ports[i].chosen;
            changed = true;
        }
    return changed ? aq_vm_write(&vm, lock, err) : 0;
}
