/* SPDX-License-Identifier: MIT */
#include "vm/admit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "util/files.h"
#include "util/home.h"
#include "vm/leftover.h"
#include "vm/record.h"

enum { GATE_WAIT_MS = 60000, RECORD_MAX = 64 * 1024 };

/* --- one VM --- */

static int admit(const struct aq_policy *policy, const struct aq_vm *vm, const char *name,
                 struct aq_error *err)
{
    aq_autofree char *what =
        name != NULL ? aq_format("the VM %s would have", name) : aq_strdup("the VM would have");
    if (aq_policy_number(policy, AQ_POLICY_MAX_MEMORY_PER_VM, (uint64_t)vm->memory << 20, what, err) < 0 ||
        aq_policy_number(policy, AQ_POLICY_MAX_CPUS_PER_VM, vm->cpus, what, err) < 0 ||
        aq_policy_name(policy, AQ_POLICY_NETWORKS, vm->network, "the network", err) < 0)
        return -1;
    if (vm->base[0] != '\0' && aq_policy_name(policy, AQ_POLICY_BASES, vm->base, "the base", err) < 0)
        return -1;
    return vm->disk[0] == '/' ? aq_policy_source(policy, AQ_POLICY_DISK_FOLDERS, vm->disk, err) : 0;
}

int aq_vm_admit(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autopolicy struct aq_policy policy = {0};
    return aq_policy_load(&policy, err) < 0 ? -1 : admit(&policy, vm, vm->name, err);
}

/* --- all of them --- */

/* Whoever starts it holds it; nobody holds what one that died has left. */
static bool is_starting(int folder, const struct aq_run *run)
{
    if (run->folder[0] != '/' || run->process.pid != 0)
        return false;
    aq_autoclose int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return own >= 0 && flock(own, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static void count_run(int folder, const char *name, const char *but, struct aq_vm_census *census)
{
    aq_autovm struct aq_vm vm = {.name = aq_strdup(name)};
    aq_autobuffer struct aq_buffer record = {0};
    struct aq_error ignored = {0};
    struct aq_run run = {0};
    if (aq_run_read_in(folder, &run, &ignored) <= 0 && !is_starting(folder, &run))
        return;
    if (aq_read_file_at(folder, AQ_VM_RECORD, RECORD_MAX, &record, &ignored) < 0 ||
        aq_vm_from_yaml(&record, &vm, &ignored) < 0 || (but != NULL && strcmp(vm.id, but) == 0))
        return;
    census->memory += (uint64_t)vm.memory << 20;
    census->cpus += vm.cpus;
}

static int count_all(int vms, const char *but, struct aq_vm_census *census, struct aq_error *err)
{
    const struct dirent *entry;
    *census = (struct aq_vm_census){0};
    DIR *entries = aq_open_entries(vms);
    if (entries == NULL)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot list the VMs");
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        aq_autoclose int folder = openat(vms, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
            continue;
        census->vms++;
        count_run(folder, entry->d_name, but, census);
    }
    closedir(entries);
    return 0;
}

/* What is renamed while the folder is read, as a stage is that becomes a VM, may be seen under neither name.
   So it is read until two readings agree. */
int aq_vm_census(int vms, const char *but, struct aq_vm_census *census, struct aq_error *err)
{
    struct aq_vm_census before;
    aq_leftovers_sweep(vms);
    if (count_all(vms, but, census, err) < 0)
        return -1;
    do {
        before = *census;
        if (count_all(vms, but, census, err) < 0)
            return -1;
    } while (before.vms != census->vms || before.memory != census->memory || before.cpus != census->cpus);
    return 0;
}

static int admit_count(const struct aq_policy *policy, unsigned count, struct aq_error *err)
{
    return aq_policy_number(policy, AQ_POLICY_MAX_VMS, count, "with it there would be", err);
}

/* Held from the count until it can be seen what came of it. */
static int open_gate(struct aq_error *err)
{
    int gate = -1;
    aq_autoclose int home = aq_open_home(err);
    aq_autoclose int vms = home >= 0 ? aq_open_home_dir("vms", err) : -1; /* that it is there */
    if (vms < 0)
        return -1;
    switch (aq_folder_lock(home, "vms", AQ_LOCK_EXCLUSIVE, GATE_WAIT_MS, &gate, err)) {
    case AQ_LOCK_HELD:
        return gate;
    case AQ_LOCK_ABSENT:
    case AQ_LOCK_BUSY:
        return aq_fail(err, AQ_E_TIMEOUT, "other processes have been counting VMs for over a minute");
    default:
        return -1;
    }
}

int aq_vm_stage(int vms, const struct aq_vm *vm, struct aq_stage *stage, struct aq_error *err)
{
    aq_autopolicy struct aq_policy policy = {0};
    struct aq_vm_census census;
    if (aq_policy_load(&policy, err) < 0 || admit(&policy, vm, vm->name, err) < 0)
        return -1;
    bool limited = aq_policy_limits(&policy, AQ_POLICY_MAX_VMS);
    aq_autoclose int gate = limited ? open_gate(err) : -1;
    if ((limited && gate < 0) || aq_stage_open(vms, vm->name, stage, err) < 0)
        return -1;
    if (!limited)
        return 0;
    if (aq_vm_census(vms, NULL, &census, err) == 0 && admit_count(&policy, census.vms, err) == 0)
        return 0;
    aq_stage_close(stage); /* while the gate is held: others would count it */
    *stage = (struct aq_stage)AQ_STAGE_NONE;
    return -1;
}

static bool limits_all(const struct aq_policy *policy)
{
    return aq_policy_limits(policy, AQ_POLICY_MAX_MEMORY) || aq_policy_limits(policy, AQ_POLICY_MAX_CPUS);
}

/* `census` is of the others. */
static int admit_all(const struct aq_policy *policy, const struct aq_vm *vm,
                     const struct aq_vm_census *census, struct aq_error *err)
{
    static const char all[] = "with it all VMs that run would have";
    uint64_t memory = census->memory + ((uint64_t)vm->memory << 20);
    return aq_policy_number(policy, AQ_POLICY_MAX_MEMORY, memory, all, err) < 0
               ? -1
               : aq_policy_number(policy, AQ_POLICY_MAX_CPUS, census->cpus + vm->cpus, all, err);
}

int aq_vm_admit_run(const struct aq_vm *vm, int folder, const struct aq_run *run, struct aq_error *err)
{
    aq_autopolicy struct aq_policy policy = {0};
    struct aq_vm_census census;
    if (aq_policy_load(&policy, err) < 0)
        return -1;
    if (!limits_all(&policy))
        return 0;
    aq_autoclose int gate = open_gate(err);
    aq_autoclose int vms = gate >= 0 ? aq_open_home_dir("vms", err) : -1;
    if (vms < 0 || aq_vm_census(vms, vm->id, &census, err) < 0 || admit_all(&policy, vm, &census, err) < 0)
        return -1;
    return aq_run_write(folder, run, err);
}

int aq_vm_admit_running(int vms, const struct aq_vm *vm, int *gate, struct aq_error *err)
{
    aq_autopolicy struct aq_policy policy = {0};
    struct aq_vm_census census;
    if (aq_policy_load(&policy, err) < 0 || admit(&policy, vm, vm->name, err) < 0)
        return -1;
    if (!limits_all(&policy) && !aq_policy_limits(&policy, AQ_POLICY_MAX_VMS))
        return 0;
    *gate = open_gate(err);
    return *gate < 0 || aq_vm_census(vms, vm->id, &census, err) < 0 ||
                   admit_count(&policy, census.vms + 1, err) < 0
               ? -1
               : admit_all(&policy, vm, &census, err);
}

int aq_vm_admit_more(const struct aq_vm *vm, const char *name, unsigned count, bool running,
                     struct aq_error *err)
{
    aq_autopolicy struct aq_policy policy = {0};
    struct aq_vm_census census;
    if (aq_policy_load(&policy, err) < 0 || admit(&policy, vm, name, err) < 0)
        return -1;
    if (!limits_all(&policy) && !aq_policy_limits(&policy, AQ_POLICY_MAX_VMS))
        return 0;
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_vm_census(vms, NULL, &census, err) < 0 ||
        admit_count(&policy, census.vms + count, err) < 0)
        return -1;
    census.memory += (uint64_t)(count - 1) * vm->memory << 20;
    census.cpus += (count - 1) * vm->cpus;
    return running ? admit_all(&policy, vm, &census, err) : 0;
}
