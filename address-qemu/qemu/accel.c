/* SPDX-License-Identifier: MIT */
#include "qemu/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"

/* The verdict's file: what it holds for on the first line, "yes" or "no" on the second, the reason on the
 * third. */
#define CACHE "kvm"

const char *aq_accel_name(enum aq_accel accel)
{
    static const char *const names[] = {"auto", "kvm", "tcg"};
    return names[accel];
}

enum aq_accel aq_accel_wish(const char *name)
{
    return strcmp(name, "kvm") == 0 ? AQ_ACCEL_KVM : strcmp(name, "tcg") == 0 ? AQ_ACCEL_TCG : AQ_ACCEL_AUTO;
}

/* What a verdict holds for: this boot, this device node (made anew when its module is reloaded), and this
   user's right to it. NULL where there is nothing worth remembering. free() it. */
static char *circumstances(void)
{
    struct stat device;
    aq_autobuffer struct aq_buffer boot = {0};
    struct aq_error ignored = {0};
    aq_autoclose int random = open("/proc/sys/kernel/random", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (stat("/dev/kvm", &device) < 0 || random < 0 ||
        aq_read_file_at(random, "boot_id", 64, &boot, &ignored) < 0)
        return NULL;
    boot.data[strcspn(boot.data, "\n")] = '\0';
    return aq_format("%s %llu.%lld.%ld %d", boot.data, (unsigned long long)device.st_ino,
                     (long long)device.st_ctim.tv_sec, device.st_ctim.tv_nsec,
                     faccessat(AT_FDCWD, "/dev/kvm", R_OK | W_OK, AT_EACCESS) == 0);
}

static bool recall(int runtime_dir, const char *now, struct aq_kvm_verdict *verdict)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_read_file_at(runtime_dir, CACHE, 1024, &text, &ignored) < 0)
        return false;
    char *next = text.data;
    const char *then = strsep(&next, "\n");
    const char *answer = next != NULL ? strsep(&next, "\n") : NULL;
    const char *reason = next != NULL ? strsep(&next, "\n") : NULL;
    if (reason == NULL || strcmp(then, now) != 0)
        return false;
    verdict->usable = strcmp(answer, "yes") == 0;
    snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
    return true;
}

/* A verdict that cannot be written down is as true; the next process probes again. */
static void remember(int runtime_dir, const char *now, const struct aq_kvm_verdict *verdict)
{
    struct aq_error ignored = {0};
    aq_autofree char *text = aq_format("%s\n%s\n%s\n", now, verdict->usable ? "yes" : "no", verdict->reason);
    aq_replace_file_at(runtime_dir, CACHE, text, strlen(text), &ignored);
}

int aq_kvm_verdict(int runtime_dir, struct aq_kvm_verdict *verdict, struct aq_error *err)
{
    aq_autofree char *now = circumstances();
    if (now != NULL && recall(runtime_dir, now, verdict))
        return 0;
    if (aq_kvm_probe(verdict, err) < 0)
        return -1;
    if (now != NULL)
        remember(runtime_dir, now, verdict);
    return 0;
}

int aq_accel_choose(int runtime_dir, enum aq_accel wish, enum aq_accel *chosen,
                    struct aq_kvm_verdict *verdict, struct aq_error *err)
{
    struct aq_kvm_verdict found = {0};
    if (wish != AQ_ACCEL_TCG && aq_kvm_verdict(runtime_dir, &found, err) < 0)
        return -1;
    if (wish == AQ_ACCEL_KVM && !found.usable)
        return aq_fail(err, AQ_E_KVM_UNUSABLE, "accel=kvm does not work here: %s. Use accel=auto",
                       found.reason);
    *chosen = found.usable ? AQ_ACCEL_KVM : AQ_ACCEL_TCG;
    if (verdict != NULL)
        *verdict = found;
    return 0;
}
