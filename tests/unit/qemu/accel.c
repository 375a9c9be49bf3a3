/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu/accel.h"
#include "qemu/kvm_guest.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/process.h"

#define SECTOR 512

static int folder(void)
{
    int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* A disk whose boot sector reads the probe's guest to where it wants to be, and goes there. */
static void write_disk(const char *name)
{
    size_t length = (size_t)(aq_kvm_guest_end - aq_kvm_guest);
    unsigned char sectors = (unsigned char)((length + SECTOR - 1) / SECTOR);
    const unsigned char boot[] = {
        0x31, 0xc0,                      /* xor %ax, %ax */
        0x8e, 0xd8,    0x8e, 0xc0,       /* mov %ax, %ds; mov %ax, %es */
        0x8e, 0xd0,    0xbc, 0x00, 0x7c, /* mov %ax, %ss; mov $0x7c00, %sp */
        0xb8, sectors, 0x02,             /* read that many sectors, */
        0xbb, 0x00,    0x80,             /* to AQ_KVM_GUEST_BASE, */
        0xb9, 0x02,    0x00, 0xb6, 0x00, /* from the second of the first track */
        0xcd, 0x13,                      /* int $0x13 */
        0xea, 0x00,    0x80, 0x00, 0x00, /* ljmp $0, $AQ_KVM_GUEST_BASE */
    };
    static unsigned char disk[64 * SECTOR];
    assert_true(length < sizeof disk - SECTOR);
    memcpy(disk, boot, sizeof boot);
    memcpy(disk + SECTOR - 2, "\x55\xaa", 2);
    memcpy(disk + SECTOR, aq_kvm_guest, length);
    struct aq_error err = {0};
    aq_autoclose int dir = folder();
    assert_ok(aq_write_new_file_at(dir, name, disk, sizeof disk, 0600, &err));
}

static char reported[64];

static void keep_report(void *data, const char *line)
{
    (void)data;
    if (reported[0] == '\0') /* QEMU's parting words come after it */
        snprintf(reported, sizeof reported, "%s", line);
    aq_interrupt(); /* that is all it has to say, and it would halt for ever */
}

/* The guest itself, without KVM: on a processor that works every step is reached. */
static void the_guest_reaches_its_end_on_a_sound_processor(void **state)
{
    (void)state;
    struct aq_error err = {0};
    write_disk("disk");
    const char *const argv[] = {"qemu-system-x86_64",
                                "-nodefaults",
                                "-display",
                                "none",
                                "-accel",
                                "tcg",
                                "-m",
                                "16",
                                "-debugcon",
                                "stdio",
                                "-drive",
                                "file=disk,format=raw",
                                NULL};
    struct aq_process process = {.argv = argv, .on_line = keep_report, .deadline = aq_after_ms(120000)};
    struct aq_process_result result = {0};
    assert_fails(aq_process_run(&process, &result, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    aq_process_result_free(&result);
    assert_string_equal(reported, "ABCDEFGHIJKL");
}

static void a_verdict_has_a_reason_or_is_a_yes(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_kvm_verdict first, second;
    int64_t before = aq_now();
    assert_ok(aq_kvm_probe(&first, &err));
    assert_ok(aq_kvm_probe(&second, &err));
    print_message("KVM: %s %s (%lld us)\n", first.usable ? "yes" : "no:", first.reason,
                  (long long)(aq_now() - before) / 2000);
    assert_int_equal(first.usable, second.usable);
    assert_int_equal(first.usable, first.reason[0] == '\0');
    if (access("/dev/kvm", F_OK) < 0)
        assert_false(first.usable);
}

static void auto_is_what_the_probe_says(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autoclose int dir = folder();
    struct aq_kvm_verdict verdict, remembered;
    enum aq_accel chosen = AQ_ACCEL_AUTO;
    assert_ok(aq_accel_choose(dir, AQ_ACCEL_AUTO, &chosen, &verdict, &err));
    assert_int_equal(chosen, verdict.usable ? AQ_ACCEL_KVM : AQ_ACCEL_TCG);
    assert_ok(aq_accel_choose(dir, AQ_ACCEL_AUTO, &chosen, &remembered, &err));
    assert_int_equal(remembered.usable, verdict.usable);
    assert_string_equal(remembered.reason, verdict.reason);
    assert_ok(aq_accel_choose(dir, AQ_ACCEL_TCG, &chosen, NULL, &err));
    assert_int_equal(chosen, AQ_ACCEL_TCG);

    int forced = aq_accel_choose(dir, AQ_ACCEL_KVM, &chosen, NULL, &err);
    assert_int_equal(forced, verdict.usable ? 0 : -1);
    if (verdict.usable)
        assert_int_equal(chosen, AQ_ACCEL_KVM);
    else {
        assert_non_null(strstr(err.text, verdict.reason));
        assert_fails(forced, AQ_E_KVM_UNUSABLE);
    }
}

/* A verdict of another boot, or rubbish, does not count: written over what a start has left. */
static void a_stale_verdict_is_not_believed(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autoclose int dir = folder();
    struct aq_kvm_verdict truth, verdict;
    assert_ok(aq_kvm_probe(&truth, &err));
    static const char *const stale[] = {
        "another boot\nyes\n\n", "another boot\nno\nbecause\n", "", "\n", "x\ny", "\n\n\n"};
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
        assert_ok(aq_replace_file_at(dir, "kvm", stale[i], strlen(stale[i]), &err));
        assert_ok(aq_kvm_verdict(dir, &verdict, &err));
        assert_int_equal(verdict.usable, truth.usable);
        assert_string_equal(verdict.reason, truth.reason);
    }
}

static void a_probe_can_be_interrupted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_kvm_verdict verdict;
    if (access("/dev/kvm", R_OK | W_OK) < 0)
        skip(); /* nothing is run, so nothing can be interrupted */
    aq_interrupt();
    assert_fails(aq_kvm_probe(&verdict, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(aq_accel_name(AQ_ACCEL_KVM), "kvm");
    assert_string_equal(aq_accel_name(AQ_ACCEL_TCG), "tcg");
    assert_string_equal(aq_accel_name(AQ_ACCEL_AUTO), "auto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guest_reaches_its_end_on_a_sound_processor),
        cmocka_unit_test(a_verdict_has_a_reason_or_is_a_yes),
        cmocka_unit_test(auto_is_what_the_probe_says),
        cmocka_unit_test(a_stale_verdict_is_not_believed),
        cmocka_unit_test(a_probe_can_be_interrupted),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
