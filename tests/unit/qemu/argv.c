/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "qemu/machine.h"

#define UUID "6f1f6a3e-0000-4000-8000-000000000001"

static const struct aq_machine_start plain_start = {
    .sockets = {10, 11, 12, 13, 14, 15}, .console = 16, .cable = 17};

/* What every machine has, before its disks and its network. */
#define IDENTITY(name) "qemu", "-name", "guest=" name ",process=qemu:" name ",debug-threads=on", "-uuid", UUID
#define CONFINEMENT                                                                                          \
    "-msg", "timestamp=on", "-nodefaults", "-no-user-config", "-display", "none", "-sandbox",                \
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
#define HELPER(number, nr, fd)                                                                               \
    "-chardev", "socket,id=helper" number ",fd=" fd ",server=on,wait=off", "-device",                        \
        "{\"driver\":\"virtserialport\",\"id\":\"port-helper" number "\",\"bus\":\"serial0.0\",\"nr\":" nr   \
        ",\"chardev\":\"helper" number "\",\"name\":\"org.address-qemu.helper." number "\"}"
#define CHANNELS                                                                                             \
    "-chardev", "socket,id=qmp,fd=10,server=on,wait=off", "-mon", "chardev=qmp,mode=control", "-device",     \
        "{\"driver\":\"virtio-serial-pci\",\"id\":\"serial0\",\"bus\":\"pcie.0\",\"addr\":\"0x3\","          \
        "\"max_ports\":7}",                                                                                  \
        "-chardev", "socket,id=agent,fd=11,server=on,wait=off", "-device",                                   \
        "{\"driver\":\"virtserialport\",\"id\":\"port-agent\",\"bus\":\"serial0.0\",\"nr\":1,"               \
        "\"chardev\":\"agent\",\"name\":\"org.qemu.guest_agent.0\"}",                                        \
        HELPER("0", "2", "12"), HELPER("1", "3", "13"), HELPER("2", "4", "14"), HELPER("3", "5", "15")
#define DEVICES                                                                                              \
    "-chardev", "socket,id=console,fd=16", "-device", "{\"driver\":\"isa-serial\",\"chardev\":\"console\"}", \
        "-object", "{\"qom-type\":\"rng-builtin\",\"id\":\"entropy\"}", "-device",                           \
        "{\"driver\":\"virtio-rng-pci\",\"id\":\"rng0\",\"bus\":\"pcie.0\",\"addr\":\"0x4\","                \
        "\"rng\":\"entropy\"}",                                                                              \
        "-device", "{\"driver\":\"vmgenid\",\"id\":\"vmgenid\",\"guid\":\"auto\"}", "-device",               \
        "{\"driver\":\"pcie-root-port\",\"id\":\"hotplug0\",\"bus\":\"pcie.0\",\"addr\":\"0x8\","            \
        "\"chassis\":1}",                                                                                    \
        "-device",                                                                                           \
        "{\"driver\":\"pcie-root-port\",\"id\":\"hotplug1\",\"bus\":\"pcie.0\",\"addr\":\"0x9\","            \
        "\"chassis\":2}"
#define FILE_NODE(path)                                                                                      \
    "\"file\":{\"driver\":\"file\",\"filename\":\"" path                                                     \
    "\",\"aio\":\"threads\",\"cache\":{\"direct\":false,\"no-flush\":false}}"

static void check(const struct aq_machine *machine, const struct aq_machine_start *start,
                  const char *const *expected)
{
    struct aq_error err = {0};
    assert_ok(aq_machine_check(machine, &err));
    aq_autostrings struct aq_strings argv = {0};
    aq_machine_argv(machine, start, "qemu", &argv);
    size_t i = 0;
    for (; expected[i] != NULL; i++)
        assert_string_equal(i < argv.count ? argv.items[i] : "(the end)", expected[i]);
    assert_string_equal(i < argv.count ? argv.items[i] : "(the end)", "(the end)");
}

static void bare_machine_under_tcg(void **state)
{
    (void)state;
    struct aq_machine machine = {
        .name = "bare", .uuid = UUID, .memory_mib = 256, .cpus = 1, .accel = AQ_ACCEL_TCG};
    const char *const expected[] = {IDENTITY("bare"),
                                    CONFINEMENT,
                                    "-machine",
                                    "type=q35,usb=off,mem-merge=off,dump-guest-core=off",
                                    "-accel",
                                    "tcg,thread=multi,tb-size=256",
                                    "-cpu",
                                    "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+lahf_lm,+rdrand,-svm",
                                    "-smp",
                                    "cpus=1,sockets=1,cores=1,threads=1",
                                    "-m",
                                    "size=256M",
                                    "-rtc",
                                    "base=utc,clock=host",
                                    CHANNELS,
                                    DEVICES,
                                    NULL};
    check(&machine, &plain_start, expected);
}

/* A template's clone under KVM: it waits for its state, on the machine type that the state was made with. */
static void paused_machine_under_kvm(void **state)
{
    (void)state;
    struct aq_machine machine = {.name = "kvm",
                                 .uuid = UUID,
                                 .memory_mib = 4096,
                                 .cpus = 4,
                                 .accel = AQ_ACCEL_KVM,
                                 .machine_type = "pc-q35-7.2"};
    struct aq_machine_start start = plain_start;
    start.paused = true;
    start.incoming = "defer";
    const char *const expected[] = {IDENTITY("kvm"),
                                    CONFINEMENT,
                                    "-machine",
                                    "type=pc-q35-7.2,usb=off,mem-merge=off,dump-guest-core=off",
                                    "-accel",
                                    "kvm",
                                    "-cpu",
                                    "host",
                                    "-smp",
                                    "cpus=4,sockets=1,cores=4,threads=1",
                                    "-m",
                                    "size=4096M",
                                    "-rtc",
                                    "base=utc,clock=host",
                                    CHANNELS,
                                    DEVICES,
                                    "-S",
                                    "-incoming",
                                    "defer",
                                    NULL};
    check(&machine, &start, expected);
}

/* Commas, spaces, quotes and backslashes wherever a user's words get in. */
static void awkward_names_and_paths(void **state)
{
    (void)state;
    const struct aq_disk_image chain[] = {{"/s/vms/a b,c/disk.qcow2", "qcow2"},
                                          {"/s/\"x\"\\y/layer.qcow2", "qcow2"},
                                          {"/s/base's,driver=nbd.raw", "raw"}};
    const struct aq_disk_image alone[] = {{"/s/json:{}.qcow2", "qcow2"}};
    const struct aq_disk disks[] = {{.chain = chain, .chain_count = 3, .serial = "ro,ot"},
                                    {.chain = alone, .chain_count = 1, .read_only = true}};
    struct aq_machine machine = {.name = "a,b 'c'",
                                 .uuid = UUID,
                                 .memory_mib = 512,
                                 .cpus = 2,
                                 .accel = AQ_ACCEL_TCG,
                                 .cpu_model = "max",
                                 .disks = disks,
                                 .disk_count = 2,
                                 .network = true,
                                 .mtu = 9000,
                                 .mac = "52:54:00:12:34:56",
                                 .hostname = "web,restrict=off"};
    const char *const expected[] = {
        IDENTITY("a,,b 'c'"),
        "-smbios",
        "type=1,serial=web,,restrict=off",
        CONFINEMENT,
        "-machine",
        "type=q35,usb=off,mem-merge=off,dump-guest-core=off",
        "-accel",
        "tcg,thread=multi,tb-size=256",
        "-cpu",
        "max",
        "-smp",
        "cpus=2,sockets=1,cores=2,threads=1",
        "-m",
        "size=512M",
        "-rtc",
        "base=utc,clock=host",
        CHANNELS,
        DEVICES,
        "-blockdev",
        "{\"driver\":\"raw\",\"node-name\":\"disk0-2\",\"read-only\":true,\"discard\":\"unmap\","
        "\"detect-zeroes\":\"off\"," FILE_NODE("/s/base's,driver=nbd.raw") "}",
        "-blockdev",
        "{\"driver\":\"qcow2\",\"node-name\":\"disk0-1\",\"read-only\":true,\"discard\":\"unmap\","
        "\"detect-zeroes\":\"off\"," FILE_NODE("/s/\\\"x\\\"\\\\y/layer.qcow2") ",\"backing\":\"disk0-2\"}",
        "-blockdev",
        "{\"driver\":\"qcow2\",\"node-name\":\"disk0\",\"read-only\":false,\"discard\":\"unmap\","
        "\"detect-zeroes\":\"unmap\"," FILE_NODE("/s/vms/a b,c/disk.qcow2") ",\"backing\":\"disk0-1\"}",
        "-device",
        "{\"driver\":\"virtio-blk-pci\",\"id\":\"virtio-disk0\",\"bus\":\"pcie.0\",\"addr\":\"0x10\","
        "\"drive\":\"disk0\",\"bootindex\":1,\"serial\":\"ro,ot\"}",
        "-blockdev",
        "{\"driver\":\"qcow2\",\"node-name\":\"disk1\",\"read-only\":true,\"discard\":\"unmap\","
        "\"detect-zeroes\":\"off\"," FILE_NODE("/s/json:{}.qcow2") ",\"backing\":null}",
        "-device",
        "{\"driver\":\"virtio-blk-pci\",\"id\":\"virtio-disk1\",\"bus\":\"pcie.0\",\"addr\":\"0x11\","
        "\"drive\":\"disk1\",\"bootindex\":2}",
        "-netdev",
        "dgram,id=net0,local.type=fd,local.str=17",
        "-device",
        "{\"driver\":\"virtio-net-pci\",\"id\":\"nic0\",\"bus\":\"pcie.0\",\"addr\":\"0x2\","
        "\"netdev\":\"net0\",\"mac\":\"52:54:00:12:34:56\",\"host_mtu\":9000,\"romfile\":\"\"}",
        NULL};
    check(&machine, &plain_start, expected);
}

static void option_values_double_their_commas(void **state)
{
    (void)state;
    aq_autofree char *value = aq_option_value(",a,,b,");
    assert_string_equal(value, ",,a,,,,b,,");
    aq_autofree char *empty = aq_option_value("");
    assert_string_equal(empty, "");
}

static struct aq_machine sound_machine(void)
{
    return (struct aq_machine){.name = "m",
                               .uuid = UUID,
                               .memory_mib = 1,
                               .cpus = 1,
                               .accel = AQ_ACCEL_TCG,
                               .mac = "52:54:00:00:00:01"};
}

static void unsound_machines_are_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_machine machine = sound_machine();
    assert_ok(aq_machine_check(&machine, &err));

    machine.accel = AQ_ACCEL_AUTO;
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
    machine = sound_machine();
    machine.memory_mib = 0;
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
    machine = sound_machine();
    machine.disk_count = AQ_MACHINE_MAX_DISKS + 1;
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
    machine = sound_machine();
    machine.network = true;
    machine.mac = NULL;
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
}

static void unsound_disks_are_refused(void **state)
{
    (void)state;
    const struct {
        struct aq_disk_image chain[2];
        unsigned count;
        const char *serial;
    } cases[] = {
        {{{"relative.qcow2", "qcow2"}}, 1, NULL},         {{{"nbd://host/x", "raw"}}, 1, NULL},
        {{{"/not/\xff\xfe/utf8", "qcow2"}}, 1, NULL},     {{{"/a", "vmdk"}}, 1, NULL},
        {{{"/a", "raw"}, {"/b", "qcow2"}}, 2, NULL},      {{{"/a", "qcow2"}}, 0, NULL},
        {{{"/a", "qcow2"}}, 1, "more than twenty bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aq_error err = {0};
        struct aq_disk disk = {
            .chain = cases[i].chain, .chain_count = cases[i].count, .serial = cases[i].serial};
        struct aq_machine machine = sound_machine();
        machine.disks = &disk;
        machine.disk_count = 1;
        assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
    }
}

/* The RAM of a template's guest is a file, under the name that QEMU's own memory has. */
static void ram_in_a_file(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_machine machine = sound_machine();
    machine.ram_file = "/s/templates/a,b/ram";
    machine.ram_shared = true;
    assert_ok(aq_machine_check(&machine, &err));
    aq_autostrings struct aq_strings argv = {0};
    aq_machine_argv(&machine, &plain_start, "qemu", &argv);
    assert_true(
        aq_strings_has(&argv, "type=q35,usb=off,mem-merge=off,dump-guest-core=off,memory-backend=pc.ram"));
    aq_autofree char *object =
        aq_format("{\"qom-type\":\"memory-backend-file\",\"id\":\"pc.ram\",\"size\":%llu,"
                  "\"mem-path\":\"/s/templates/a,b/ram\",\"share\":true}",
                  (unsigned long long)machine.memory_mib << 20);
    assert_true(aq_strings_has(&argv, object));
    machine.ram_file = "templates/ram";
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
}

/* Where the drive is once it is there, and that what is in it is raw and only read. */
static void a_drive_with_and_without_a_disc(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_machine machine = {
        .name = "cd", .uuid = UUID, .memory_mib = 256, .cpus = 1, .accel = AQ_ACCEL_TCG, .drive = true};
    const char *const controller = "{\"driver\":\"virtio-scsi-pci\",\"id\":\"cd-bus\",\"bus\":\"hotplug0\"}";
    const char *const drive =
        "{\"driver\":\"scsi-cd\",\"id\":\"cd0\",\"bus\":\"cd-bus.0\",\"scsi-id\":0,\"lun\":0,"
        "\"serial\":\"cd0\",\"bootindex\":9";
    uint64_t empty = aq_machine_shape(&machine);
    for (int disc = 0; disc < 2; disc++) {
        aq_autostrings struct aq_strings argv = {0};
        aq_autofree char *full = aq_format("%s%s}", drive, disc ? ",\"drive\":\"disc0\"" : "");
        machine.disc = disc ? "/srv/a,b.iso" : NULL;
        assert_ok(aq_machine_check(&machine, &err));
        aq_machine_argv(&machine, &plain_start, "qemu", &argv);
        assert_string_equal(argv.items[argv.count - 1], full);
        assert_string_equal(argv.items[argv.count - 3], controller);
        if (disc)
            assert_string_equal(
                argv.items[argv.count - 5],
                "{\"driver\":\"raw\",\"node-name\":\"disc0\",\"read-only\":true,\"file\":{\"driver\":"
                "\"file\",\"filename\":\"/srv/a,b.iso\",\"aio\":\"threads\"}}");
        assert_true(aq_machine_shape(&machine) == empty);
    }
    machine.drive = false;
    machine.disc = NULL;
    assert_true(aq_machine_shape(&machine) != empty);
    machine.disc = "relative.iso";
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
}

static void a_kernel_of_its_own_is_no_device(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_machine machine = sound_machine();
    struct aq_machine_kernel kernel = {"/store/a,b/kernel", "/store/a,b/initrd", "root=/dev/vda2 quiet"};
    const uint64_t without = aq_machine_shape(&machine);
    aq_autostrings struct aq_strings argv = {0};
    machine.kernel = &kernel;
    assert_int_equal(aq_machine_shape(&machine), without);
    assert_ok(aq_machine_check(&machine, &err));
    aq_machine_argv(&machine, &plain_start, "qemu", &argv);
    static const char *const last[] = {"-kernel",           "/store/a,b/kernel", "-initrd",
                                       "/store/a,b/initrd", "-append",           "root=/dev/vda2 quiet"};
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(argv.items[argv.count - 6 + i], last[i]);
    kernel.initrd = "initrd";
    assert_fails(aq_machine_check(&machine, &err), AQ_E_VALUE_INVALID);
}

/* A state fits where the devices are the same, whatever the files and names are. */
static void a_shape_is_of_devices_alone(void **state)
{
    (void)state;
    struct aq_machine machine = sound_machine();
    const struct aq_disk_image chain[] = {{"/a", "qcow2"}, {"/b", "qcow2"}, {"/c", "qcow2"}};
    const struct aq_disk disk = {.chain = chain, .chain_count = 3, .serial = "root"};
    const uint64_t alone = aq_machine_shape(&machine);
    machine.name = "other";
    machine.ram_file = "/ram";
    machine.hostname = "other";
    assert_int_equal(aq_machine_shape(&machine), alone);
    machine.disks = &disk;
    machine.disk_count = 1;
    const uint64_t with_disk = aq_machine_shape(&machine);
    assert_true(with_disk != alone);
    machine.network = true;
    machine.mac = "52:54:00:12:34:56";
    const uint64_t with_card = aq_machine_shape(&machine);
    assert_true(with_card != with_disk);
    machine.mac = "52:54:00:ab:cd:ef";
    assert_int_equal(aq_machine_shape(&machine), with_card);
    machine.cpus++;
    assert_true(aq_machine_shape(&machine) != with_card);
    machine.cpus--;
    machine.machine_type = "pc-q35-6.0";
    assert_true(aq_machine_shape(&machine) != with_card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_machine_under_tcg),
        cmocka_unit_test(paused_machine_under_kvm),
        cmocka_unit_test(awkward_names_and_paths),
        cmocka_unit_test(option_values_double_their_commas),
        cmocka_unit_test(unsound_machines_are_refused),
        cmocka_unit_test(unsound_disks_are_refused),
        cmocka_unit_test(ram_in_a_file),
        cmocka_unit_test(a_drive_with_and_without_a_disc),
        cmocka_unit_test(a_kernel_of_its_own_is_no_device),
        cmocka_unit_test(a_shape_is_of_devices_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
