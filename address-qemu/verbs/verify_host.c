/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "guest/runner_path.h"
#include "qemu/accel.h"
#include "util/files.h"
#include "util/home.h"
#include "util/process.h"
#include "util/size.h"
#include "verbs/vm_fields.h"

/* Programs, what for, and the Debian package that has each. `needed`: nothing works without it. */
static const struct {
    const char *program, *purpose, *package;
    bool needed;
} programs[] = {
    {"qemu-system-x86_64", "running VMs", "qemu-system-x86", true},
    {"qemu-img", "converting what create_base builds", "qemu-utils", false},
    {"mmdebstrap", "create_base kind=debian", "mmdebstrap", false},
    {"sfdisk", "create_base", "fdisk", false},
    {"mcopy", "create_base", "mtools", false},
    {"syslinux", "create_base", "syslinux", false},
    {"mkfs.vfat", "create_base", "dosfstools", false},
    {"mkfs.ext4", "create_base", "e2fsprogs", false},
};

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

/* How many needed things are missing. */
static int check_programs(struct aq_call *call)
{
    int missing = 0;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        aq_autofree char *path = aq_find_program(programs[i].program);
        aq_autofree char *absent = aq_format("not installed; for %s", programs[i].purpose);
        aq_autofree char *fix = aq_format("apt-get install %s", programs[i].package);
        add_check(call, programs[i].program, path != NULL ? "ok" : "missing", path != NULL ? path : absent,
                  path != NULL ? "" : fix);
        missing += path == NULL && programs[i].needed;
    }
    return missing;
}

static void check_kvm(struct aq_call *call, struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    struct aq_kvm_verdict verdict = {0};
    if (runtime < 0 || aq_kvm_verdict(runtime, &verdict, err) < 0)
        return;
    aq_result_set_bool(call->result, "KVM", verdict.usable);
    aq_autofree char *limited = aq_format("VMs run emulated, which is much slower: %s", verdict.reason);
    bool denied = access("/dev/kvm", F_OK) == 0 && access("/dev/kvm", R_OK | W_OK) != 0;
    add_check(call, "kvm", verdict.usable ? "ok" : "limited", verdict.usable ? "runs guests" : limited,
              denied ? "usermod -aG kvm \"$USER\", then log in again" : "");
}

static void check_libguestfs(struct aq_call *call)
{
    void *library = dlopen("libguestfs.so.0", RTLD_LAZY | RTLD_LOCAL);
    add_check(call, "libguestfs", library != NULL ? "ok" : "missing",
              library != NULL ? "there" : "not installed; for changing disks offline",
              library != NULL ? "" : "apt-get install libguestfs0");
    if (library != NULL)
        dlclose(library);
}

static int check_runner(struct aq_call *call)
{
    struct aq_error reason = {0};
    aq_autofree char *path = aq_guest_runner_path(&reason);
    add_check(call, "rexx-guest", path != NULL ? "ok" : "missing", path != NULL ? path : reason.text, "");
    return path == NULL;
}

static int check_store(struct aq_call *call, struct aq_error *err)
{
    aq_autoclose int home = aq_open_home(err);
    aq_autofree char *path = aq_home_path(err);
    struct statvfs space;
    if (home < 0 || path == NULL || fstatvfs(home, &space) < 0)
        return -1;
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
    aq_result_say(call->result, "%s", "");
    int missing = check_programs(call) + check_runner(call);
    check_kvm(call, err);
    check_libguestfs(call);
    if (err->code != AQ_OK || check_store(call, err) < 0)
        return -1;
    aq_result_set_bool(call->result, "READY", missing == 0);
    if (missing != 0)
        return aq_fail(err, AQ_E_TOOL_MISSING,
                       "VMs cannot run here: something that is needed is missing; QEMU_OUTPUT has "
                       "what, and the command that mends it");
    return 0;
}

static const struct aq_field sets[] = {
    {"READY", "1 when VMs can run here"},
    {"KVM", "1 when KVM really runs guests; otherwise they are emulated"},
    {"FREE_SPACE", "where the store is, in bytes"},
    {"CHECKS.n.NAME",
     "what was looked at; also `STATUS` (`ok`, `missing`, `limited`), `DETAIL` and `FIX`, the command that "
     "mends it"},
    {NULL},
};

const struct aq_verb aq_verb_verify_host = {
    .name = "verify_host",
    .group = "Host",
    .summary = "Tell what this host has and lacks for running VMs",
    .details = "KVM is tried by running a guest, not by looking for a device. What is missing comes with the "
               "command that "
               "mends it. RC 8 when VMs cannot run at all.",
    .sets = sets,
    .example = "verify_host",
    .run = run,
};
