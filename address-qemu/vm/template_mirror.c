/* SPDX-License-Identifier: MIT */
#include "vm/template_mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu/launch.h"
#include "qemu/migrate.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "vm/machine.h"
#include "vm/template_take.h"

#define FOLDER "mirror"
#define DISK "disk.raw" /* as large as the VM's, and empty: nothing is ever read from it */
#define LOG "qemu.log"

enum {
    ANSWERS_MS = 60000,
    LOAD_MS = 120000, /* what is left of it when the stream has come to its end */
    INPUT_PIPE = 1 << 20,
    WORDS_MAX = 600,
};

static int make_disk(int folder, uint64_t size, struct aq_error *err)
{
    aq_autoclose int disk = aq_make_file_at(folder, DISK, NULL, 0, 0600, err);
    if (disk < 0)
        return -1;
    return ftruncate(disk, (off_t)size) == 0
               ? 0
               : aq_fail_errno(err, AQ_E_IO, errno, "cannot make a disk of holes");
}

/* Nobody is at the other ends of console and cable. */
static int open_ends(struct aq_mirror *mirror, struct aq_error *err)
{
    mirror->log = openat(mirror->folder.folder, LOG, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (mirror->log < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, mirror->console) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mirror->cable) < 0 ||
        pipe2(mirror->input, O_CLOEXEC) < 0 || fcntl(mirror->input[1], F_SETFL, O_NONBLOCK) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot prepare QEMU's start");
    fcntl(mirror->input[1], F_SETPIPE_SZ, INPUT_PIPE); /* as much as there may be, it is only faster */
    return 0;
}

static int make_folder(const struct aq_vm *vm, struct aq_mirror *mirror, struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0)
        return -1;
    aq_stage_sweep(runtime);
    if (aq_stage_open(runtime, FOLDER, &mirror->folder, err) < 0 ||
        make_disk(mirror->folder.folder, vm->disk_size, err) < 0)
        return -1;
    return open_ends(mirror, err);
}

static int launch(const struct aq_vm *vm, const struct aq_template *template, const char *ram,
                  struct aq_mirror *mirror, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(mirror->folder.folder, DISK);
    const struct aq_disk_image image = {path, "raw"};
    const struct aq_disk disk = {.chain = &image, .chain_count = 1, .serial = AQ_DISK_SERIAL};
    struct aq_machine machine = aq_vm_machine(vm, template->accel, template->machine, &disk);
    machine.ram_file = ram;
    machine.ram_shared = true;
    aq_autojson json_t *ahead = aq_migrate_load_commands(mirror->input[0], false);
    const struct aq_launch launch = {
        .machine = &machine,
        .runtime_dir = mirror->folder.folder,
        .log_fd = mirror->log,
        .console_fd = mirror->console[0],
        .cable_fd = mirror->cable[0],
        .paused = true,
        .tied = true,
        .incoming = "defer",
        .state_fd = mirror->input[0],
        .ahead = ahead,
        .deadline = aq_after_ms(ANSWERS_MS),
    };
    return aq_qemu_launch(&launch, &mirror->process, &mirror->qmp, err);
}

int aq_mirror_start(const struct aq_vm *vm, const struct aq_template *template, const char *ram,
                    struct aq_mirror *mirror, struct aq_error *err)
{
    if (make_folder(vm, mirror, err) < 0 || launch(vm, template, ram, mirror, err) < 0)
        return -1;
    aq_cleanup_close(&mirror->input[0]); /* QEMU's alone, so that we notice when that is gone */
    mirror->input[0] = -1;
    return 0;
}

static int fail_load(const struct aq_mirror *mirror, const struct aq_error *why, struct aq_error *err)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer log = {0};
    aq_read_file_at(mirror->folder.folder, LOG, 1 << 20, &log, &ignored);
    const char *words = aq_buffer_text(&log);
    if (log.length > WORDS_MAX)
        words += log.length - WORDS_MAX;
    return aq_fail(err, why->code == AQ_E_VM_NOT_RUNNING ? AQ_E_QEMU_FAILED : why->code,
                   "QEMU cannot take in the VM's state: %s. Its last words: %s", why->text, words);
}

int aq_mirror_finish(struct aq_mirror *mirror, int folder, struct aq_error *err)
{
    struct aq_error why = {0};
    aq_cleanup_close(&mirror->input[1]);
    mirror->input[1] = -1;
    if (aq_migrate_wait(mirror->qmp, aq_after_ms(LOAD_MS), &why) < 0)
        return fail_load(mirror, &why, err);
    return aq_template_save_state(mirror->qmp, folder, err);
}

void aq_mirror_end(struct aq_mirror *mirror)
{
    const int fds[] = {mirror->log,      mirror->console[0], mirror->console[1], mirror->cable[0],
                       mirror->cable[1], mirror->input[0],   mirror->input[1]};
    aq_qmp_close(mirror->qmp);
    if (mirror->process.pid > 0) {
        aq_qemu_kill(mirror->folder.folder, &mirror->process);
        while (waitpid(mirror->process.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        aq_cleanup_close(&fds[i]);
    aq_stage_close(&mirror->folder);
}
