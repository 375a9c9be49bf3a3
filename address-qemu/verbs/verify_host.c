/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "guest/runner_path.h"
#include "image/build_needs.h"
#include "offline/appliance.h"
#include "offline/guestfs_library.h"
#include "offline/host_kernel.h"
#include "qemu/accel.h"
#include "util/files.h"
#include "util/home.h"
#include "util/libexec.h"
#include "util/size.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"appliance", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "start libguestfs's appliance too, which takes some seconds"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"READY", "1 when VMs can run here"},
    {"APPLIANCE",
     "1 when libguestfs has what it needs for changing disks offline (with appliance=true: when its "
     "appliance was started)"},
    {"KVM", "1 when KVM really runs guests; otherwise they are emulated"},
    {"FREE_SPACE", "where the store is, in bytes"},
    {"CHECKS.n.NAME",
     "what was looked at; also `STATUS` (`ok`, `missing`, `limited`, `unusable`), `DETAIL` and `FIX`, the "
     "command that mends it"},
    {NULL},
};

const struct aq_verb aq_verb_verify_host = {
    .name = "verify_host",
    .group = "Host",
    .summary = "Tell what this host has and lacks for running VMs",
    .details = "KVM is tried by running a guest, not by looking for a device. What is missing comes with the "
               "command that mends it. RC is 8 when VMs cannot run at all, and 6 when the store or the "
               "runtime folder is not this user's alone.",
    .params = params,
    .sets = sets,
    .example = "verify_host",
    .read_only = true,
    .run = run,
};

#define QEMU "qemu-system-x86_64"
#define QEMU_PACKAGE "qemu-system-x86"

/* The disk has to take at least a small base and its clones. */
enum { SPACE_WANTED_MIB = 2048 };

static void add_check(struct aq_call *call, const char *name, const char *status, const char *detail,
                      const char *fix)
{
    struct aq_table *table = aq_result_table(call->result, "CHECKS");
    aq_table_row(table);
    aq_table_text(table, "NAME", name);
    aq_table_text(table, "STATUS", status);
    aq_table_text(table, "DETAIL", detail);
    aq_table_text(table, "FIX", fix);
    aq_result_say_more(call->result, "%-8s %-20s %s\n", status, name, detail);
    if (fix[0] != '\0')
        aq_result_say_more(call->result, "%-8s %-20s to mend: %s\n", "", "", fix);
}

static void add_installed(struct aq_call *call, const char *name, const char *path, const char *purpose,
                          const char *package)
{
    aq_autofree char *absent = aq_format("not installed; for %s", purpose);
    aq_autofree char *fix = aq_format("apt-get install %s", package);
    add_check(call, name, path != NULL ? "ok" : "missing", path != NULL ? path : absent,
              path != NULL ? "" : fix);
}

/* Without it nothing works: 1 when it is missing. */
static int check_qemu(struct aq_call *call)
{
    aq_autofree char *path = aq_find_program(QEMU);
    add_installed(call, QEMU, path, "running VMs", QEMU_PACKAGE);
    return path == NULL;
}

static void check_build_needs(struct aq_call *call)
{
    for (const struct aq_build_need *need = aq_build_needs; need->name != NULL; need++) {
        if (!aq_build_needs_this(need, AQ_BUILD_DEBIAN))
            continue;
        aq_autofree char *path = aq_build_need_path(need);
        add_installed(call, need->name, path, need->debian_only ? "create_base kind=debian" : "create_base",
                      need->package);
    }
}

/* A folder that has to be ours alone, and writable. Opening it has judged the former: `reason` has what is
   wrong. */
static int check_folder(struct aq_call *call, const char *name, int folder, const char *detail,
                        struct aq_error *reason)
{
    if (folder >= 0 && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) < 0)
        aq_fail_errno(reason, AQ_E_IO, errno, "%s cannot be written", detail);
    if (reason->code == AQ_OK)
        return 0;
    add_check(call, name, "unusable", reason->text, "");
    return -1;
}

static int check_kvm(struct aq_call *call, int runtime, struct aq_error *err)
{
    struct aq_kvm_verdict verdict = {0};
    if (aq_kvm_verdict(runtime, &verdict, err) < 0)
        return -1;
    aq_result_set_bool(call->result, "KVM", verdict.usable);
    aq_autofree char *limited = aq_format("VMs run emulated, which is much slower: %s", verdict.reason);
    bool denied = access("/dev/kvm", F_OK) == 0 && access("/dev/kvm", R_OK | W_OK) != 0;
    add_check(call, "kvm", verdict.usable ? "ok" : "limited", verdict.usable ? "runs guests" : limited,
              denied ? "usermod -aG kvm \"$USER\", then log in again" : "");
    return 0;
}

/* Where sockets are; KVM's verdict is kept there too. */
static int check_runtime(struct aq_call *call, struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    aq_autofree char *path = aq_runtime_path();
    if (check_folder(call, "runtime folder", runtime, path, err) < 0)
        return -1;
    add_check(call, "runtime folder", "ok", path, "");
    return check_kvm(call, runtime, err);
}

/* Starts the appliance, which is the only proof that it starts. */
static void try_appliance(struct aq_call *call)
{
    struct aq_error reason = {0};
    const struct aq_appliance_request request = {.drive_count = 0};
    aq_progress(call, "starting libguestfs's appliance");
    aq_autoappliance struct aq_appliance *appliance = aq_appliance_open(&request, &reason);
    aq_result_set_bool(call->result, "APPLIANCE", appliance != NULL);
    add_check(call, "libguestfs", appliance != NULL ? "ok" : "unusable",
              appliance != NULL ? "its appliance starts" : reason.text, "");
}

static void check_libguestfs(struct aq_call *call)
{
    struct aq_error reason = {0};
    struct aq_appliance_need need = {0};
    bool there = aq_library_load(&aq_guestfs_library, &reason) == 0;
    if (there)
        aq_appliance_needs("/boot", "/lib/modules", &need);
    if (there && need.detail[0] == '\0' && aq_arg_bool(call, "appliance")) {
        try_appliance(call);
        return;
    }
    aq_result_set_bool(call->result, "APPLIANCE", there && need.detail[0] == '\0');
    if (!there)
        add_check(call, "libguestfs", "missing", reason.text, "apt-get install libguestfs0");
    else if (need.detail[0] != '\0')
        add_check(call, "libguestfs", "unusable", need.detail, need.fix);
    else
        add_check(call, "libguestfs", "ok",
                  "there, with a kernel for its appliance (appliance=true starts it)", "");
}

static int check_runner(struct aq_call *call)
{
    struct aq_error reason = {0};
    aq_autofree char *path = aq_guest_runner_path(&reason);
    add_check(call, "rexx-guest", path != NULL ? "ok" : "missing", path != NULL ? path : reason.text, "");
    return path == NULL;
}

static int check_companion(struct aq_call *call)
{
    struct aq_error reason = {0};
    aq_autofree char *path = aq_libexec_path("companion", AQ_E_COMPANION_MISSING, &reason);
    add_check(call, "companion", path != NULL ? "ok" : "missing", path != NULL ? path : reason.text, "");
    return path == NULL;
}

static int check_store(struct aq_call *call, struct aq_error *err)
{
    aq_autoclose int home = aq_open_home(err);
    aq_autofree char *path = aq_home_path(err);
    struct statvfs space;
    if (check_folder(call, "store", home, path, err) < 0)
        return -1;
    if (fstatvfs(home, &space) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot tell how much is free in %s", path);
    uint64_t available = (uint64_t)space.f_bavail * space.f_frsize;
    char text[AQ_SIZE_TEXT];
    aq_autofree char *detail = aq_format("%s, %s free", path, aq_size_text(available, text));
    bool enough = available >= (uint64_t)SPACE_WANTED_MIB << 20;
    add_check(call, "store", enough ? "ok" : "limited", detail,
              enough ? "" : "free some space, or set ADDRESS_QEMU_HOME to a folder on a larger disk");
    aq_result_set_int(call->result, "FREE_SPACE", (int64_t)available);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    struct aq_error runtime = {0}, store = {0};
    aq_result_say(call->result, "%s", "");
    int missing = check_qemu(call) + check_runner(call) + check_companion(call);
    check_build_needs(call);
    check_libguestfs(call);
    check_runtime(call, &runtime);
    check_store(call, &store);
    const struct aq_error *folder = runtime.code != AQ_OK ? &runtime : &store;
    aq_result_set_bool(call->result, "READY", missing == 0 && folder->code == AQ_OK);
    if (folder->code != AQ_OK)
        return aq_fail(err, folder->code, "%s", folder->text);
    if (missing != 0)
        return aq_fail(err, AQ_E_TOOL_MISSING,
                       "VMs cannot run here: something that is needed is missing; QEMU_OUTPUT has "
                       "what, and the command that mends it");
    return 0;
}
