/* SPDX-License-Identifier: MIT */
#include "offline/appliance_session.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "offline/host_kernel.h"
#include "qemu/accel.h"
#include "util/guest_ports.h"
#include "util/home.h"
#include "util/libexec.h"
#include "util/wait.h"

AQ_LIBRARY_DEFINE(aq_guestfs, GUESTFS_FUNCTIONS, "libguestfs0", "libguestfs.so.0");

enum {
    MEMORY_LEAST_MIB = 1280, /* libguestfs's own choice */
    MEMORY_MOST_MIB = 4096,
    CPUS_MOST = 4,
    CONNECT_MS = 10000,
    READY_MS = 60000,
    CUT_MS = 120000, /* a freeze writes what is dirty */
    PUT_MS = 60000,
    CAPTURE = 64 << 10,
};

/* In the appliance's /run, which is in its memory. */
#define AGENT "/run/aq-agent"
#define PORT "/dev/virtio-ports/" AQ_HELPER_PORT "0"

void aq_appliance_say(const struct aq_appliance *appliance, const char *line)
{
    if (appliance->progress != NULL)
        appliance->progress(appliance->progress_data, line);
}

int aq_appliance_fail(const struct aq_appliance *appliance, const char *what, struct aq_error *err)
{
    if (aq_must_end())
        return aq_fail(err, AQ_E_INTERRUPTED, "interrupted");
    const char *words = aq_guestfs.guestfs_last_error(appliance->g);
    return aq_fail(err, AQ_E_APPLIANCE_FAILED, "%s: %.2000s", what,
                   words != NULL ? words : "no reason given");
}

/* A quarter of the host's memory: commands such as compilers run in it. */
static int memory_mib(void)
{
    struct sysinfo host;
    if (sysinfo(&host) < 0)
        return MEMORY_LEAST_MIB;
    uint64_t quarter = (uint64_t)host.totalram * host.mem_unit / 4 >> 20;
    return quarter < MEMORY_LEAST_MIB  ? MEMORY_LEAST_MIB
           : quarter > MEMORY_MOST_MIB ? MEMORY_MOST_MIB
                                       : (int)quarter;
}

static int cpus(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > CPUS_MOST ? CPUS_MOST : (int)count;
}

/* libguestfs would take a /dev/kvm that is there for one that works. */
static int choose_accel(struct aq_appliance *appliance, struct aq_error *err)
{
    struct aq_kvm_verdict verdict = {0};
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0 || aq_kvm_verdict(runtime, &verdict, err) < 0)
        return -1;
    if (verdict.usable || aq_guestfs.guestfs_set_backend_setting(appliance->g, "force_tcg", "1") == 0)
        return 0;
    return aq_appliance_fail(appliance, "libguestfs", err);
}

static int add_drives(struct aq_appliance *appliance, const struct aq_appliance_request *request,
                      struct aq_error *err)
{
    /* It does not start without any. */
    if (request->drive_count == 0 && aq_guestfs.guestfs_add_drive_scratch(appliance->g, 1 << 20, -1) < 0)
        return aq_appliance_fail(appliance, "libguestfs", err);
    for (unsigned i = 0; i < request->drive_count; i++) {
        const struct aq_appliance_drive *drive = &request->drives[i];
        if (aq_guestfs.guestfs_add_drive_opts(appliance->g, drive->path, GUESTFS_ADD_DRIVE_OPTS_FORMAT,
                                              drive->format, GUESTFS_ADD_DRIVE_OPTS_LABEL, drive->label,
                                              GUESTFS_ADD_DRIVE_OPTS_DISCARD, "enable", -1) < 0)
            return aq_appliance_fail(appliance, "libguestfs", err);
    }
    return 0;
}

static int set_up(struct aq_appliance *appliance, const struct aq_appliance_request *request,
                  struct aq_error *err)
{
    aq_autofree char *hv = aq_format("%s/hv", appliance->path);
    guestfs_h *g = appliance->g;
    aq_guestfs.guestfs_set_error_handler(g, NULL, NULL);
    /* What is made once for a kernel belongs where it stays, which a temporary folder of the user's need not
     * be. */
    if (getenv("LIBGUESTFS_CACHEDIR") == NULL && aq_guestfs.guestfs_set_cachedir(g, "/var/tmp") < 0)
        return aq_appliance_fail(appliance, "libguestfs", err);
    if (aq_guestfs.guestfs_set_backend(g, "direct") < 0 || aq_guestfs.guestfs_set_hv(g, hv) < 0 ||
        aq_guestfs.guestfs_set_tmpdir(g, appliance->path) < 0 || aq_guestfs.guestfs_set_autosync(g, 0) < 0 ||
        aq_guestfs.guestfs_set_recovery_proc(g, 0) < 0 || aq_guestfs.guestfs_set_pgroup(g, 1) < 0 ||
        aq_guestfs.guestfs_set_memsize(g, memory_mib()) < 0 || aq_guestfs.guestfs_set_smp(g, cpus()) < 0 ||
        aq_guestfs.guestfs_set_network(g, request->network) < 0)
        return aq_appliance_fail(appliance, "libguestfs", err);
    return choose_accel(appliance, err) < 0 ? -1 : add_drives(appliance, request, err);
}

/* Is there an appliance of libguestfs's from an earlier launch? */
static bool has_appliance(const struct aq_appliance *appliance)
{
    char *cache = aq_guestfs.guestfs_get_cachedir(appliance->g);
    aq_autofree char *path =
        aq_format("%s/.guestfs-%u/appliance.d/kernel", cache != NULL ? cache : "", (unsigned)geteuid());
    free(cache);
    return access(path, F_OK) == 0 || getenv("LIBGUESTFS_PATH") != NULL;
}

static int start_agent(struct aq_appliance *appliance, struct aq_error *err)
{
    char *const serve[] = {(char *)(uintptr_t)(AGENT " --serve --daemon " PORT), NULL};
    aq_autofree char *agent = aq_libexec_path("appliance-agent", AQ_E_APPLIANCE_UNUSABLE, err);
    if (agent == NULL)
        return -1;
    if (aq_guestfs.guestfs_debug_upload(appliance->g, agent, AGENT, 0700) < 0)
        return aq_appliance_fail(appliance, "cannot bring our agent into libguestfs's appliance", err);
    char *said = aq_guestfs.guestfs_debug(appliance->g, "sh", serve);
    if (said == NULL)
        return aq_appliance_fail(appliance, "cannot start our agent in libguestfs's appliance", err);
    free(said);
    return 0;
}

static int connect_agent(struct aq_appliance *appliance, struct aq_error *err)
{
    if (aq_qemu_connect(appliance->folder.folder, AQ_QEMU_HELPER, aq_after_ms(CONNECT_MS),
                        &appliance->connection, err) < 0)
        return -1;
    const struct aq_channel_port port = {.fd = aq_steal_fd(&appliance->connection.fd)};
    appliance->channel = aq_channel_open_helper(&port);
    return aq_channel_ready(appliance->channel, aq_after_ms(READY_MS), err);
}

static int launch(struct aq_appliance *appliance, struct aq_error *err)
{
    aq_appliance_say(appliance, has_appliance(appliance)
                                    ? "starting libguestfs's appliance"
                                    : "making libguestfs's appliance, once for this kernel, and starting it");
    if (aq_guestfs.guestfs_launch(appliance->g) < 0)
        return aq_appliance_fail(appliance, "libguestfs's appliance does not start", err);
    appliance->qmp = aq_qmp_connect(appliance->folder.folder, aq_after_ms(CONNECT_MS), err);
    if (appliance->qmp == NULL || start_agent(appliance, err) < 0)
        return -1;
    return connect_agent(appliance, err);
}

struct aq_appliance *aq_appliance_open(const struct aq_appliance_request *request, struct aq_error *err)
{
    if (aq_appliance_check(err) < 0)
        return NULL;
    aq_autoappliance struct aq_appliance *appliance = aq_alloc(sizeof *appliance);
    *appliance = (struct aq_appliance){.folder = AQ_STAGE_NONE,
                                       .connection = AQ_QEMU_UNCONNECTED,
                                       .progress = request->progress,
                                       .progress_data = request->progress_data,
                                       .stop = -1};
    appliance->g = aq_guestfs.guestfs_create_flags(0);
    if (appliance->g == NULL) {
        aq_fail(err, AQ_E_APPLIANCE_FAILED, "libguestfs cannot be used: it makes no handle");
        return NULL;
    }
    if (aq_appliance_make_folder(appliance, err) < 0 || set_up(appliance, request, err) < 0 ||
        aq_appliance_watch(appliance, err) < 0 || launch(appliance, err) < 0)
        return NULL;
    return aq_steal_ptr(&appliance);
}

void aq_appliance_close(struct aq_appliance *appliance)
{
    if (appliance == NULL)
        return;
    aq_interrupt_hold();
    aq_appliance_unwatch(appliance);
    if (appliance->folder.folder >= 0)
        aq_appliance_end(appliance);
    aq_channel_close(appliance->channel);
    aq_qemu_disconnect(&appliance->connection);
    aq_qmp_close(appliance->qmp);
    if (appliance->g != NULL)
        aq_guestfs.guestfs_close(appliance->g);
    if (appliance->folder.folder >= 0)
        aq_appliance_remove_sockets(appliance->folder.folder);
    aq_stage_close(&appliance->folder);
    aq_interrupt_release();
    free(appliance->path);
    free(appliance);
}

int aq_appliance_agent(struct aq_appliance *appliance, const char *const *arguments,
                       struct aq_guest_exec *exec, struct aq_guest_exit *exit, struct aq_error *err)
{
    unsigned count = 0;
    while (arguments[count] != NULL)
        count++;
    aq_autofree const char **argv = aq_alloc((count + 2) * sizeof *argv);
    argv[0] = AGENT;
    memcpy(argv + 1, arguments, count * sizeof *argv);
    exec->argv = argv;
    if (exec->capture_limit == 0)
        exec->capture_limit = CAPTURE;
    return aq_channel_exec(appliance->channel, exec, exit, err);
}

int aq_appliance_put(struct aq_appliance *appliance, const char *path, const void *data, size_t length,
                     struct aq_error *err)
{
    aq_autoclose int fd = memfd_create("put", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, length) != (ssize_t)length)
        return aq_fail(err, AQ_E_IO, "cannot hold %zu bytes in memory", length);
    const struct aq_guest_put put = {
        .fd = fd, .path = path, .mode = 0400, .make_folders = true, .deadline = aq_after_ms(PUT_MS)};
    return aq_channel_put(appliance->channel, &put, err);
}

/* Runs a mode of the agent that has to end well. */
static int need(struct aq_appliance *appliance, const char *mode, struct aq_error *err)
{
    const char *const arguments[] = {mode, NULL};
    struct aq_guest_exec exec = {.deadline = aq_after_ms(CUT_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_appliance_agent(appliance, arguments, &exec, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0 ? 0
                               : aq_fail(err, AQ_E_APPLIANCE_FAILED, "the image's file systems: %.400s",
                                         aq_buffer_text(&exit.errors));
}

int aq_appliance_cut(struct aq_appliance *appliance, const char *next, struct aq_error *err)
{
    json_t *arguments = json_pack("{s:s, s:s, s:s, s:s}", "device", "hd0", "snapshot-file", next, "format",
                                  "qcow2", "mode", "existing");
    if (need(appliance, "quiesce", err) < 0) {
        json_decref(arguments);
        return -1;
    }
    if (aq_qmp_command(appliance->qmp, "blockdev-snapshot-sync", arguments, aq_after_ms(CUT_MS), NULL, err) <
        0)
        return -1;
    return need(appliance, "resume", err);
}
