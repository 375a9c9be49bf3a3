/* SPDX-License-Identifier: MIT */
/*
 * A machine as QEMU is to build it, and the one place that writes QEMU's command line.
 *
 * Nothing that a disk image says about itself decides what is opened: every image of a chain is named here
 * with its format, and the last one is told to have no backing file. Addresses on the PCI bus are fixed, so
 * that device names in the guest and saved states do not depend on what else a machine has.
 */
#ifndef AQ_QEMU_MACHINE_H
#define AQ_QEMU_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "qemu/accel.h"
#include "qemu/sockets.h"
#include "util/disk_image.h"
#include "util/error.h"
#include "util/memory.h"

/* A virtio disk. Its block node is called "disk0", "disk1", …, the images below it "disk0-1", "disk0-2", … */
struct aq_disk {
    const struct aq_disk_image *chain; /* the writable top first, then what it is based on, to the base */
    const char *serial; /* at most 20 bytes; seen in the guest as /dev/disk/by-id/virtio-SERIAL. NULL: none */
    unsigned chain_count;
    bool read_only; /* the top as well, such as a seed image */
};

/* A kernel that QEMU starts by itself, without firmware having to find one on a disk. Paths are absolute. No
   part of a machine's shape: a saved state fits whether its machine had one or not. */
struct aq_machine_kernel {
    const char *path;
    const char *initrd;
    const char *append; /* its command line */
};

/* Zero-initialise; name, uuid, memory_mib, cpus and accel (not AUTO) are required. Borrowed, not copied. */
struct aq_machine {
    const char *name; /* shown by ps and in messages */
    const char *uuid; /* 8-4-4-4-12 hexadecimal */
    unsigned memory_mib;
    unsigned cpus;
    enum aq_accel accel;
    const char *machine_type; /* NULL: "q35". A saved state needs the versioned name it was made with */
    const char *cpu_model;    /* NULL: the one that measured best for the accelerator */
    const char *ram_file;     /* absolute path of the file that its RAM is; NULL: QEMU's own memory */
    bool ram_shared;          /* what is written to the RAM goes to that file; else it is only read */
    const struct aq_disk *disks;
    unsigned disk_count;  /* at most AQ_MACHINE_MAX_DISKS */
    bool drive;           /* a CD drive (qemu/drive.h) */
    const char *disc;     /* absolute path of what is in it; NULL: it is empty */
    bool network;         /* a virtio card, whose cable is handed over at the start; false: no card at all */
    unsigned mtu;         /* which its driver takes by itself; 0: 1500 */
    const char *mac;      /* required with a network */
    const char *hostname; /* as SMBIOS serial number; NULL: nothing */
    const struct aq_machine_kernel *kernel; /* NULL: whatever the first disk boots */
};

#define AQ_MACHINE_MAX_DISKS 8

/* The spare pcie-root-ports, for device_add's "bus". */
#define AQ_HOTPLUG_PORTS 2
#define AQ_HOTPLUG_PORT "hotplug%u"

/* How this start differs from the machine: what it inherits, and how it begins. */
struct aq_machine_start {
    int sockets[AQ_QEMU_SOCKETS]; /* listening descriptors */
    int console;                  /* the serial console: a connected SOCK_STREAM socket */
    int cable;            /* the network card's: a connected SOCK_SEQPACKET socket, a frame a message */
    bool paused;          /* -S: the CPUs wait for `cont` */
    const char *incoming; /* -incoming, such as "defer"; NULL: an ordinary boot */
};

/* Judges what a command line cannot carry or QEMU would take amiss: paths that are not absolute or not UTF-8,
   unknown formats, too many disks, a card without an address. VALUE_INVALID. */
int aq_machine_check(const struct aq_machine *machine, struct aq_error *err);

/* Appends the command line of a machine that was checked, `program` first. */
void aq_machine_argv(const struct aq_machine *machine, const struct aq_machine_start *start,
                     const char *program, struct aq_strings *argv);

/* The CPU model that a machine gets which names none. */
const char *aq_machine_cpu_model(enum aq_accel accel);

/* A sum of a text, to compare things by; AQ_MACHINE_HASH to begin with. */
#define AQ_MACHINE_HASH UINT64_C(0xcbf29ce484222325)
uint64_t aq_machine_hash(uint64_t sum, const char *text);

/* A number for what a guest's devices are, whatever the VM is called and wherever its files are: a saved
   state fits into machines of the same number. */
uint64_t aq_machine_shape(const struct aq_machine *machine);

/* A value for one of QEMU's comma-separated options: commas doubled. free() it. */
char *aq_option_value(const char *text);

#endif
