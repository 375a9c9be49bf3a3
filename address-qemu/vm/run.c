/* SPDX-License-Identifier: MIT */
#include "vm/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/yaml.h"
#include "vm/companion.h"
#include "vm/record.h"

enum { RECORD_MAX = 64 * 1024 };

static const char *const boots[] = {
    [AQ_RUN_OF_DISK] = "disk", [AQ_RUN_OF_KERNEL] = "kernel", [AQ_RUN_OF_STATE] = "state"};

const char *aq_run_boot_name(enum aq_run_boot boot)
{
    return boots[boot];
}

/* A record of an earlier version does not say. */
static enum aq_run_boot boot_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof boots / sizeof *boots; i++)
        if (strcmp(name, boots[i]) == 0)
            return (enum aq_run_boot)i;
    return AQ_RUN_OF_DISK;
}

/* A pid and a start time count from one boot, so the record says which. */
static bool of_this_boot(const json_t *record)
{
    char boot[37];
    return aq_boot_id(boot) && strcmp(aq_json_text(record, "boot", ""), boot) == 0;
}

/* Of a port that was chosen the record has what was chosen; that is what it is. */
static int read_ports(const json_t *record, struct aq_run *run)
{
    if (aq_port_rules_from_json(json_object_get(record, "ports"), run->ports, AQ_RUN_PORTS_MAX,
                                &run->port_count) < 0)
        return -1;
    for (unsigned i = 0; i < run->port_count; i++)
        if (run->ports[i].host == 0)
            run->ports[i].host = run->ports[i].chosen;
    return 0;
}

static bool from_record(const json_t *record, struct aq_run *run)
{
    run->process.pid = (pid_t)aq_json_int(record, "pid", 0);
    run->process.start_time = (uint64_t)aq_json_int(record, "start_time", 0);
    run->companion.pid = (pid_t)aq_json_int(record, "companion", 0);
    run->companion.start_time = (uint64_t)aq_json_int(record, "companion_start_time", 0);
    run->accel = strcmp(aq_json_text(record, "accel", ""), "kvm") == 0 ? AQ_ACCEL_KVM : AQ_ACCEL_TCG;
    snprintf(run->accel_reason, sizeof run->accel_reason, "%s", aq_json_text(record, "accel_reason", ""));
    snprintf(run->started, sizeof run->started, "%s", aq_json_text(record, "started", ""));
    snprintf(run->folder, sizeof run->folder, "%s", aq_json_text(record, "folder", ""));
    run->boot = boot_of_name(aq_json_text(record, "booted", ""));
    run->paused = aq_json_bool(record, "paused", false);
    run->resumed = aq_json_bool(record, "resumed", false);
    return run->folder[0] == '/' && of_this_boot(record) && read_ports(record, run) == 0;
}

static int read_record(int dir, const char *path, struct aq_run *run, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    *run = (struct aq_run){0};
    if (aq_read_file_at(dir, path, RECORD_MAX, &text, &reason) < 0) {
        if (reason.code == AQ_E_FILE_NOT_FOUND)
            return 0;
        return aq_fail(err, reason.code, "%s", reason.text);
    }
    aq_autojson json_t *record = aq_yaml_parse(aq_buffer_text(&text), text.length, path, &reason);
    if (record == NULL || !from_record(record, run)) {
        *run = (struct aq_run){.resumed = run->resumed};
        return 0;
    }
    return run->process.pid > 0 && aq_process_alive(&run->process) ? 1 : 0;
}

int aq_run_read_in(int folder, struct aq_run *run, struct aq_error *err)
{
    return read_record(folder, AQ_VM_RUN, run, err);
}

int aq_run_read_at(int vms, const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    char path[AQ_NAME_MAX + sizeof "/" AQ_VM_RUN];
    snprintf(path, sizeof path, "%s/%s", vm->name, AQ_VM_RUN);
    return read_record(vms, path, run, err);
}

int aq_run_read(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    return vms < 0 ? -1 : aq_run_read_at(vms, vm, run, err);
}

int aq_run_need(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    int running = aq_run_read(vm, run, err);
    if (running == 0)
        return aq_fail(err, AQ_E_VM_NOT_RUNNING, "the VM %s is %s; `%s name=%s` it first", vm->name,
                       aq_run_status(vm, NULL), aq_vm_is_saved(vm) ? "restore_state" : "start", vm->name);
    return running < 0 ? -1 : 0;
}

const char *aq_run_status(const struct aq_vm *vm, const struct aq_run *run)
{
    if (run == NULL)
        return aq_vm_is_saved(vm) ? "saved" : "stopped";
    return run->paused ? "paused" : "running";
}

int aq_run_need_awake(const struct aq_vm *vm, const struct aq_run *run, struct aq_error *err)
{
    if (!run->paused)
        return 0;
    return aq_fail(err, AQ_E_VM_PAUSED, "the VM %s is paused; `resume name=%s` it first", vm->name, vm->name);
}

int aq_run_name_folder(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autofree char *path = aq_runtime_path();
    int length = snprintf(run->folder, sizeof run->folder, "%s/%s", path, vm->id);
    if (length < (int)sizeof run->folder)
        return 0;
    run->folder[0] = '\0'; /* no part of a path is one */
    return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the path of the runtime folder %s is too long", path);
}

int aq_run_make_folder(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    return runtime < 0 || aq_run_name_folder(vm, run, err) < 0 ? -1
                                                               : aq_open_private_dir_at(runtime, vm->id, err);
}

int aq_run_open_folder(const struct aq_run *run, struct aq_error *err)
{
    int folder = open(run->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return folder >= 0 ? folder
                       : aq_fail_errno(err, AQ_E_IO, errno, "cannot open %s, where the VM's sockets are",
                                       run->folder);
}

int aq_run_write(int vm_folder, const struct aq_run *run, struct aq_error *err)
{
    char boot[37] = "";
    aq_boot_id(boot);
    aq_autojson json_t *record = json_object();
    json_object_set_new(record, "pid", json_integer(run->process.pid));
    json_object_set_new(record, "start_time", json_integer((json_int_t)run->process.start_time));
    json_object_set_new(record, "boot", json_string(boot));
    json_object_set_new(record, "companion", json_integer(run->companion.pid));
    json_object_set_new(record, "companion_start_time", json_integer((json_int_t)run->companion.start_time));
    json_object_set_new(record, "accel", json_string(aq_accel_name(run->accel)));
    json_object_set_new(record, "accel_reason", json_string(run->accel_reason));
    json_object_set_new(record, "started", json_string(run->started));
    json_object_set_new(record, "booted", json_string(aq_run_boot_name(run->boot)));
    if (run->paused)
        json_object_set_new(record, "paused", json_true());
    if (run->resumed)
        json_object_set_new(record, "resumed", json_true());
    json_object_set_new(record, "folder", json_string(run->folder));
    json_object_set_new(record, "ports", aq_port_rules_to_json(run->ports, run->port_count));
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_yaml_write(record, &text, err) < 0)
        return -1;
    return aq_replace_file_at(vm_folder, AQ_VM_RUN, text.data, text.length, err);
}

void aq_run_forget(int vm_folder, const struct aq_run *run)
{
    struct aq_error ignored = {0};
    aq_companion_settle(&run->companion);
    if (run->folder[0] == '/')
        aq_remove_tree_at(AT_FDCWD, run->folder, &ignored);
    unlinkat(vm_folder, AQ_VM_RUN, 0);
}

uint16_t aq_run_host_port(const struct aq_run *run, uint16_t guest)
{
    for (unsigned i = 0; i < run->port_count; i++)
        if (run->ports[i].guest == guest && strcmp(run->ports[i].protocol, "tcp") == 0)
            return run->ports[i].host;
    return 0;
}
