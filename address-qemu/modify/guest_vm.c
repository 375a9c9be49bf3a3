/* SPDX-License-Identifier: MIT */
#include "modify/guest_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu/accel.h"
#include "util/files.h"
#include "util/home.h"
#include "util/random.h"
#include "util/wait.h"
#include "vm/companion.h"

#define FOLDER "build"
#define MAC "52:54:00:61:71:01"

enum {
    QEMU_ANSWERS_MS = 60000,
    BOOT_MS = 300000,
    HELPER_GRACE_MS = 500, /* how much later than the agent the helper may come up and still be preferred */
    POWEROFF_MS = 5000,    /* until the guest has heard it; its channel may go first */
    SHUT_DOWN_MS = 180000,
    TAIL = 1500,
};

static int make_folder(struct aq_guest_vm *vm, struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0)
        return -1;
    aq_stage_sweep(runtime);
    if (aq_stage_open(runtime, FOLDER, &vm->folder, err) < 0)
        return -1;
    vm->log = openat(vm->folder.folder, AQ_VM_LOG, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    return vm->log >= 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot make the log of a VM for a command");
}

/* As a VM of the store would be, but that it is in no record. */
static struct aq_vm describe(const struct aq_guest_vm_request *request)
{
    struct aq_vm described = {
        .name = (char *)(uintptr_t)request->name,
        .network = (char *)(uintptr_t)(request->network ? "user" : "none"),
        .egress = "any",
        .mac = MAC,
    };
    aq_random_uuid(described.id);
    return described;
}

static int launch(const struct aq_guest_vm_request *request, struct aq_guest_vm *vm, struct aq_error *err)
{
    enum aq_accel accel;
    struct aq_run run = {0};
    struct aq_companion_ends ends = AQ_COMPANION_NO_ENDS;
    const struct aq_vm described = describe(request);
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0 || aq_accel_choose(runtime, AQ_ACCEL_AUTO, &accel, NULL, err) < 0 ||
        aq_companion_start(&described, vm->folder.folder, vm->folder.folder, &run, &ends, err) < 0)
        return -1;
    vm->companion = run.companion;
    const struct aq_machine machine = {
        .name = described.name,
        .uuid = described.id,
        .memory_mib = request->memory_mib,
        .cpus = request->cpus,
        .accel = accel,
        .disks = request->disks,
        .disk_count = request->disk_count,
        .network = ends.cable >= 0,
        .mtu = ends.mtu,
        .mac = described.mac,
        .hostname = "localhost",
    };
    const struct aq_launch start = {
        .machine = &machine,
        .runtime_dir = vm->folder.folder,
        .log_fd = vm->log,
        .console_fd = ends.console,
        .cable_fd = ends.cable,
        .tied = true,
        .deadline = aq_after_ms(QEMU_ANSWERS_MS),
    };
    int launched = aq_qemu_launch(&start, &vm->process, &vm->qmp, err);
    aq_companion_ends_close(&ends);
    return launched;
}

static int open_channels(struct aq_guest_vm *vm, struct aq_error *err)
{
    static const enum aq_qemu_socket ways[2] = {AQ_QEMU_HELPER, AQ_QEMU_AGENT};
    for (int i = 0; i < 2; i++) {
        if (aq_qemu_connect(vm->folder.folder, ways[i], aq_after_ms(QEMU_ANSWERS_MS), &vm->connections[i],
                            err) < 0)
            return -1;
        const struct aq_channel_port port = {.fd = aq_steal_fd(&vm->connections[i].fd)};
        vm->channels[i] = i == 0 ? aq_channel_open_helper(&port) : aq_channel_open_agent(&port);
    }
    return 0;
}

/* What the guest last wrote to its console says why it does not come up. */
static void add_console(const struct aq_guest_vm *vm, struct aq_error *err)
{
    char tail[TAIL + 1];
    aq_autoclose int fd = openat(vm->folder.folder, AQ_VM_CONSOLE, O_RDONLY | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    ssize_t got = fd >= 0 ? pread(fd, tail, TAIL, end > TAIL ? end - TAIL : 0) : 0;
    size_t used = strlen(err->text);
    if (got <= 0)
        return;
    tail[got] = '\0';
    for (char *c = tail; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' && *c != '\n')
            *c = ' ';
    snprintf(err->text + used, sizeof err->text - used, "\nthe end of the guest's console:\n%s", tail);
}

static int wait_ready(struct aq_guest_vm *vm, struct aq_error *err)
{
    struct aq_error ignored = {0};
    int first = aq_channel_first_ready(vm->channels, 2, aq_after_ms(BOOT_MS), err);
    if (first < 0) {
        add_console(vm, err);
        return -1;
    }
    if (first == 1 && aq_channel_ready(vm->channels[0], aq_after_ms(HELPER_GRACE_MS), &ignored) == 0)
        first = 0;
    vm->channel = vm->channels[first];
    return 0;
}

int aq_guest_vm_start(const struct aq_guest_vm_request *request, struct aq_guest_vm *vm, struct aq_error *err)
{
    if (make_folder(vm, err) < 0 || launch(request, vm, err) < 0 || open_channels(vm, err) < 0)
        return -1;
    return wait_ready(vm, err);
}

/* Nothing answers that: the guest is going. */
static void tell_poweroff(struct aq_guest_vm *vm)
{
    static const char *const argv[] = {"/bin/sh", "-c", "sync; poweroff || /sbin/poweroff || halt -p", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(POWEROFF_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error ignored = {0};
    aq_channel_exec(vm->channel, &exec, &exit, &ignored);
}

int aq_guest_vm_shut_down(struct aq_guest_vm *vm, struct aq_error *err)
{
    struct aq_error ignored = {0};
    tell_poweroff(vm);
    if (aq_process_alive(&vm->process))
        aq_qemu_powerdown(vm->qmp, aq_after_ms(POWEROFF_MS), &ignored);
    int gone = aq_process_wait_gone(&vm->process, aq_after_ms(SHUT_DOWN_MS), err);
    if (gone > 0)
        return 0;
    if (gone == 0) {
        aq_fail(err, AQ_E_TIMEOUT, "the guest in which the command ran does not shut down");
        add_console(vm, err);
    }
    return -1;
}

void aq_guest_vm_end(struct aq_guest_vm *vm)
{
    for (int i = 0; i < 2; i++) {
        aq_channel_close(vm->channels[i]);
        aq_qemu_disconnect(&vm->connections[i]);
    }
    aq_qmp_close(vm->qmp);
    if (vm->process.pid > 0) {
        aq_qemu_kill(vm->folder.folder, &vm->process);
        while (waitpid(vm->process.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    aq_companion_settle(&vm->companion);
    aq_cleanup_close(&vm->log);
    aq_stage_close(&vm->folder);
}
