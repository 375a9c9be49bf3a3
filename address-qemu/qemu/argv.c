/* SPDX-License-Identifier: MIT */
#include "qemu/machine.h"

#include <stdlib.h>
#include <string.h>

#include "qemu/drive.h"
#include "util/json.h"

/* Where things sit on pcie.0. Guests name their network card after its slot (enp0s2) and saved states hold
 * it. */
enum {
    SLOT_NETWORK = 0x2,
    SLOT_SERIAL = 0x3,
    SLOT_RNG = 0x4,
    SLOT_HOTPLUG = 0x8, /* and the next AQ_HOTPLUG_PORTS - 1 */
    SLOT_DISK = 0x10,   /* and the next AQ_MACHINE_MAX_DISKS - 1; 0x1f is q35's own */
};

/* Measured under TCG: `max` boots a Debian 1 to 2 seconds slower than qemu64. What is added makes it
   x86-64-v2, which some distributions insist on; rdrand gives early entropy. Without svm the guest does not
   load kvm_amd for nothing. */
#define TCG_CPU "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+lahf_lm,+rdrand,-svm"

/* QEMU's own default for the translation buffer is up to 1 GiB a VM; a guest's boot and work fit well in
 * this. */
#define TCG_ACCEL "tcg,thread=multi,tb-size=256"

/* As QEMU itself calls the RAM that it makes for this kind of machine: so a state does not depend on where
   the RAM was. */
#define RAM_NAME "pc.ram"

char *aq_option_value(const char *text)
{
    aq_autobuffer struct aq_buffer value = {0};
    for (; *text != '\0'; text++) {
        if (*text == ',')
            aq_buffer_add_char(&value, ',');
        aq_buffer_add_char(&value, *text);
    }
    return aq_strdup(aq_buffer_text(&value));
}

static void add_pair(struct aq_strings *argv, const char *option, const char *value)
{
    aq_strings_add(argv, option);
    aq_strings_add(argv, value);
}

/* Adds an option in its JSON form, where nothing needs quoting but what JSON quotes. Consumes `value`. */
static void add_json(struct aq_strings *argv, const char *option, json_t *value)
{
    aq_autojson json_t *owned = value;
    aq_autofree char *text = json_dumps(owned, JSON_COMPACT);
    add_pair(argv, option, text);
}

/* A PCI device at a fixed place. */
static json_t *pci_device(const char *driver, const char *id, unsigned slot)
{
    aq_autofree char *address = aq_format("0x%x", slot);
    return json_pack("{s:s, s:s, s:s, s:s}", "driver", driver, "id", id, "bus", "pcie.0", "addr", address);
}

static void add_identity(struct aq_strings *argv, const struct aq_machine *machine)
{
    aq_autofree char *name = aq_option_value(machine->name);
    aq_strings_add(argv, "-name");
    aq_strings_format(argv, "guest=%s,process=qemu:%s,debug-threads=on", name, name);
    add_pair(argv, "-uuid", machine->uuid);
    if (machine->hostname != NULL) {
        /* Bases that we build take their host name from the SMBIOS: it is there before any network is. */
        aq_autofree char *hostname = aq_option_value(machine->hostname);
        aq_strings_add(argv, "-smbios");
        aq_strings_format(argv, "type=1,serial=%s", hostname);
    }
    add_pair(argv, "-msg", "timestamp=on");
}

/* Nothing by default, and nothing that a started QEMU could do beyond its job. */
static void add_confinement(struct aq_strings *argv)
{
    aq_strings_add(argv, "-nodefaults");
    aq_strings_add(argv, "-no-user-config");
    add_pair(argv, "-display", "none");
    add_pair(argv, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

const char *aq_machine_cpu_model(enum aq_accel accel)
{
    return accel == AQ_ACCEL_KVM ? "host" : TCG_CPU;
}

static void add_ram(struct aq_strings *argv, const struct aq_machine *machine)
{
    aq_strings_add(argv, "-m");
    aq_strings_format(argv, "size=%uM", machine->memory_mib);
    if (machine->ram_file == NULL)
        return;
    add_json(argv, "-object",
             json_pack("{s:s, s:s, s:I, s:s, s:b}", "qom-type", "memory-backend-file", "id", RAM_NAME, "size",
                       (json_int_t)machine->memory_mib << 20, "mem-path", machine->ram_file, "share",
                       machine->ram_shared));
}

static void add_board(struct aq_strings *argv, const struct aq_machine *machine)
{
    aq_strings_add(argv, "-machine");
    aq_strings_format(argv, "type=%s,usb=off,mem-merge=off,dump-guest-core=off%s",
                      machine->machine_type != NULL ? machine->machine_type : "q35",
                      machine->ram_file != NULL ? ",memory-backend=" RAM_NAME : "");
    add_pair(argv, "-accel", machine->accel == AQ_ACCEL_KVM ? "kvm" : TCG_ACCEL);
    add_pair(argv, "-cpu",
             machine->cpu_model != NULL ? machine->cpu_model : aq_machine_cpu_model(machine->accel));
    aq_strings_add(argv, "-smp");
    aq_strings_format(argv, "cpus=%u,sockets=1,cores=%u,threads=1", machine->cpus, machine->cpus);
    add_ram(argv, machine);
    add_pair(argv, "-rtc", "base=utc,clock=host");
}

/* One image of a chain as a block node. The one below it is referred to by its node's name; the lowest has
   none, whatever its header says. */
static void add_image(struct aq_strings *argv, const struct aq_disk *disk, const char *node, unsigned depth)
{
    const struct aq_disk_image *image = &disk->chain[depth];
    bool read_only = depth > 0 || disk->read_only;
    json_t *file = json_pack("{s:s, s:s, s:s, s:{s:b, s:b}}", "driver", "file", "filename", image->path,
                             "aio", "threads", "cache", "direct", 0, "no-flush", 0);
    aq_autofree char *name = depth > 0 ? aq_format("%s-%u", node, depth) : aq_strdup(node);
    json_t *options =
        json_pack("{s:s, s:s, s:b, s:s, s:s, s:o}", "driver", image->format, "node-name", name, "read-only",
                  read_only, "discard", "unmap", "detect-zeroes", read_only ? "off" : "unmap", "file", file);
    if (strcmp(image->format, "qcow2") == 0) {
        aq_autofree char *below = aq_format("%s-%u", node, depth + 1);
        json_object_set_new(options, "backing",
                            depth + 1 < disk->chain_count ? json_string(below) : json_null());
    }
    add_json(argv, "-blockdev", options);
}

static void add_disk(struct aq_strings *argv, const struct aq_disk *disk, unsigned number)
{
    aq_autofree char *node = aq_format("disk%u", number);
    for (unsigned depth = disk->chain_count; depth-- > 0;)
        add_image(argv, disk, node, depth);

    aq_autofree char *id = aq_format("virtio-disk%u", number);
    json_t *device = pci_device("virtio-blk-pci", id, SLOT_DISK + number);
    json_object_set_new(device, "drive", json_string(node));
    json_object_set_new(device, "bootindex", json_integer(number + 1));
    if (disk->serial != NULL)
        json_object_set_new(device, "serial", json_string(disk->serial));
    add_json(argv, "-device", device);
}

static void add_drive(struct aq_strings *argv, const struct aq_machine *machine)
{
    if (machine->disc != NULL)
        add_json(argv, "-blockdev", aq_drive_disc(machine->disc));
    add_json(argv, "-device", aq_drive_controller());
    add_json(argv, "-device", aq_drive_device(machine->disc != NULL));
}

/* A cable of messages, not of a stream: whoever is at its other end sees QEMU's end (the end of the
   conversation), and a frame that is too long cannot take the cable with it. */
static void add_network(struct aq_strings *argv, const struct aq_machine *machine, int cable)
{
    aq_strings_add(argv, "-netdev");
    aq_strings_format(argv, "dgram,id=net0,local.type=fd,local.str=%d", cable);

    json_t *device = pci_device("virtio-net-pci", "nic0", SLOT_NETWORK);
    json_object_set_new(device, "netdev", json_string("net0"));
    json_object_set_new(device, "mac", json_string(machine->mac));
    if (machine->mtu != 0)
        json_object_set_new(device, "host_mtu", json_integer(machine->mtu));
    json_object_set_new(device, "romfile",
                        json_string("")); /* never boots from the network: saves its option ROM */
    add_json(argv, "-device", device);
}

/* A virtio-serial port whose host side is one of our sockets. */
static void add_port(struct aq_strings *argv, enum aq_qemu_socket which, int fd, const char *name)
{
    const char *chardev = aq_qemu_socket_name(which);
    aq_strings_add(argv, "-chardev");
    aq_strings_format(argv, "socket,id=%s,fd=%d,server=on,wait=off", chardev, fd);
    aq_autofree char *id = aq_format("port-%s", chardev);
    add_json(argv, "-device",
             json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "driver", "virtserialport", "id", id, "bus",
                       "serial0.0", "nr", (int)(which - AQ_QEMU_AGENT + 1), "chardev", chardev, "name",
                       name));
}

static void add_channels(struct aq_strings *argv, const struct aq_machine_start *start)
{
    aq_strings_add(argv, "-chardev");
    aq_strings_format(argv, "socket,id=%s,fd=%d,server=on,wait=off", aq_qemu_socket_name(AQ_QEMU_QMP),
                      start->sockets[AQ_QEMU_QMP]);
    aq_strings_add(argv, "-mon");
    aq_strings_format(argv, "chardev=%s,mode=control", aq_qemu_socket_name(AQ_QEMU_QMP));

    json_t *bus = pci_device("virtio-serial-pci", "serial0", SLOT_SERIAL);
    json_object_set_new(bus, "max_ports", json_integer(AQ_QEMU_SOCKETS + 1));
    add_json(argv, "-device", bus);
    add_port(argv, AQ_QEMU_AGENT, start->sockets[AQ_QEMU_AGENT], AQ_AGENT_PORT);
    for (unsigned i = 0; i < AQ_HELPER_PORTS; i++) {
        aq_autofree char *name = aq_format(AQ_HELPER_PORT "%u", i);
        add_port(argv, AQ_QEMU_HELPER + i, start->sockets[AQ_QEMU_HELPER + i], name);
    }
}

static void add_console(struct aq_strings *argv, int fd)
{
    aq_strings_add(argv, "-chardev");
    aq_strings_format(argv, "socket,id=console,fd=%d", fd);
    add_json(argv, "-device", json_pack("{s:s, s:s}", "driver", "isa-serial", "chardev", "console"));
}

static void add_common_devices(struct aq_strings *argv)
{
    add_json(argv, "-object", json_pack("{s:s, s:s}", "qom-type", "rng-builtin", "id", "entropy"));
    json_t *rng = pci_device("virtio-rng-pci", "rng0", SLOT_RNG);
    json_object_set_new(rng, "rng", json_string("entropy"));
    add_json(argv, "-device", rng);
    add_json(argv, "-device",
             json_pack("{s:s, s:s, s:s}", "driver", "vmgenid", "id", "vmgenid", "guid", "auto"));
    for (unsigned i = 0; i < AQ_HOTPLUG_PORTS; i++) {
        aq_autofree char *id = aq_format(AQ_HOTPLUG_PORT, i);
        json_t *port = pci_device("pcie-root-port", id, SLOT_HOTPLUG + i);
        json_object_set_new(port, "chassis", json_integer(i + 1));
        add_json(argv, "-device", port);
    }
}

static void add_kernel(struct aq_strings *argv, const struct aq_machine_kernel *kernel)
{
    add_pair(argv, "-kernel", kernel->path);
    add_pair(argv, "-initrd", kernel->initrd);
    add_pair(argv, "-append", kernel->append);
}

void aq_machine_argv(const struct aq_machine *machine, const struct aq_machine_start *start,
                     const char *program, struct aq_strings *argv)
{
    aq_strings_add(argv, program);
    add_identity(argv, machine);
    add_confinement(argv);
    add_board(argv, machine);
    add_channels(argv, start);
    add_console(argv, start->console);
    add_common_devices(argv);
    for (unsigned i = 0; i < machine->disk_count; i++)
        add_disk(argv, &machine->disks[i], i);
    if (machine->drive)
        add_drive(argv, machine);
    if (machine->network)
        add_network(argv, machine, start->cable);
    if (machine->kernel != NULL)
        add_kernel(argv, machine->kernel);
    if (start->paused)
        aq_strings_add(argv, "-S");
    if (start->incoming != NULL)
        add_pair(argv, "-incoming", start->incoming);
}
