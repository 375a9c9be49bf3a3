/* SPDX-License-Identifier: MIT */
/*
 * A VM: its record in the store. A VM is its folder, `vms/NAME/{vm.yaml,disk.qcow2,console.log}`: there whole
 * or not at all. What is true only while it runs is in vm/run.h. Its disk may be a user's own file somewhere
 * else; aq_vm_disk_path knows.
 */
#ifndef AQ_VM_VM_H
#define AQ_VM_VM_H

#include <stdint.h>

#include "image/layer.h"
#include "image/parent.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/random.h"
#include "util/stage.h"

#define AQ_VM_RECORD "vm.yaml"
#define AQ_VM_DISK "disk.qcow2"
#define AQ_VM_CONSOLE "console.log"
#define AQ_VM_LOG "qemu.log"
#define AQ_VM_DROPS "network.log"       /* what its gateway did not pass on */
#define AQ_VM_KNOWN_HOSTS "known_hosts" /* the host keys that its SSH server may show (vm/ssh.h) */

/* A port of the guest that is to be reached from the host. */
struct aq_port_rule {
    char protocol[4]; /* "tcp" or "udp" */
    char address[16]; /* IPv4 of the host; "127.0.0.1" unless asked otherwise */
    uint16_t host;    /* 0: a free one is chosen, … */
    uint16_t chosen;  /* … and this was it, which it gets again while it is free; 0: none yet */
    uint16_t guest;
};

#define AQ_VM_PORTS_MAX 64

struct aq_ingress;

/* The rule for a port as spec/ports.h reads it. */
struct aq_port_rule aq_port_rule_of(const struct aq_ingress *ingress);

/* What was begun on a VM's disk (TABLES: a change of its snapshots), so that whoever comes next can settle
   it: vm/recover.h. */
struct aq_pending {
    enum aq_pending_what {
        AQ_PENDING_NOTHING,
        AQ_PENDING_FREEZE,
        AQ_PENDING_FLATTEN,
        AQ_PENDING_COMMIT,
        AQ_PENDING_TABLES,
        AQ_PENDING_GROW
    } what;
    char *disk; /* the file that is to take the place of the disk (of GROW: that holds what is
                   to be written to it); owned */
    char layer[AQ_LAYER_ID_TEXT]; /* of a freeze: what the disk becomes */
};

/* The machine that states with memory were made on, as long as there are such: vm/bound.h. "" for none. */
struct aq_bound {
    char machine[64]; /* "pc-q35-7.2" */
    char accel[8];    /* "kvm" or "tcg" */
    char cpu[128];    /* the model as QEMU was told it */
};

/* How its SSH server is reached, as configure_ssh has it. Strings are owned; NULL or "": as usual. */
struct aq_vm_ssh {
    char *host;     /* usual: 127.0.0.1, at the port that is forwarded to the guest's */
    uint16_t port;  /* the server's; 0: 22 */
    char *user;     /* usual: root */
    char *key_file; /* usual: the store's own */
    char *host_key; /* a fingerprint: what the first contact may show, where no key is pinned yet */
};

void aq_vm_ssh_free(struct aq_vm_ssh *ssh);

/* Who logs in at its serial console, as configure_serial has it. Strings are owned; NULL or "": nobody has
 * said. */
struct aq_vm_console {
    char *user;          /* what is set makes the console a way in for `auto` */
    char *password_file; /* absolute; its first line is the password */
};

void aq_vm_console_free(struct aq_vm_console *console);

/* The record. Strings are owned and, but for iso, never NULL once loaded; zero-initialise, aq_vm_free at the
 * end. */
struct aq_vm {
    char *name;
    char id[AQ_UUID_TEXT]; /* for ever, also when it is renamed; the name of its runtime folder */
    char *base;            /* the name of the base it was cloned from, for humans; "" for none */
    char *disk;            /* a file in its folder (AQ_VM_DISK) or, with an absolute path, of a user's own */
    struct aq_parent parent; /* what the disk stands on */
    uint64_t disk_size;      /* virtual, bytes */
    unsigned memory;         /* MiB */
    unsigned cpus;
    char *network;    /* "user", "none", or the name of a private network */
    char address[16]; /* its own in a private network; "": none yet */
    char *egress;     /* what it may reach, as aq_egress_text writes it */
    char mac[18];
    char *accel; /* as wished: "auto", "kvm", "tcg" */
    char *created;
    char *iso;      /* what is in its CD drive: an absolute path, or "": it is empty; NULL: it has no drive */
    char *saved;    /* when its state was saved (save_state); NULL or "": it was not */
    char *template; /* the template that it is a clone of; NULL or "": it was booted */
    char *provisioned; /* when a script was first run in it, which may have left secrets; NULL or "": never */
    struct aq_port_rule ports[AQ_VM_PORTS_MAX];
    unsigned port_count;
    struct aq_pending pending;
    struct aq_bound bound;
    struct aq_vm_ssh ssh;
    struct aq_vm_console console;
};

void aq_vm_free(struct aq_vm *vm);
#define aq_autovm aq_cleanup(aq_vm_free)

/* Reads a VM's record: VM_NOT_FOUND (with the nearest name there is), RECORD_INVALID, IO. */
int aq_vm_load(const char *name, struct aq_vm *vm, struct aq_error *err);

/* The same below an open `vms` folder; -2 without an error when it is not there. For listings. */
int aq_vm_load_at(int vms, const char *name, struct aq_vm *vm, struct aq_error *err);

/* Has it a saved state to go on from? */
bool aq_vm_is_saved(const struct aq_vm *vm);

/* Notes when its state was saved, or (NULL) that none is any more. The caller holds the VM's lock, whose
   descriptor `lock` is. */
int aq_vm_note_saved(int lock, const struct aq_vm *vm, const char *saved, struct aq_error *err);

/* Notes, the first time, that a user's script is about to be run in it. */
int aq_vm_note_provisioned(const struct aq_vm *vm, struct aq_error *err);

/* Notes how its SSH server is reached from now on. The caller holds the lock, as above. */
int aq_vm_note_ssh(int lock, const struct aq_vm *vm, const struct aq_vm_ssh *ssh, struct aq_error *err);
int aq_vm_note_console(int lock, const struct aq_vm *vm, const struct aq_vm_console *console,
                       struct aq_error *err);

/* The names of all VMs, sorted. */
int aq_vm_list(struct aq_strings *names, struct aq_error *err);

/* Holds a VM while its state is changed (exclusive) or must not change (shared). Returns its folder's
   descriptor, whose closing lets go. VM_NOT_FOUND; VM_BUSY when it cannot be had within a minute. */
int aq_vm_lock(const char *name, enum aq_lock kind, struct aq_error *err);

/* Opens a VM's folder without any lock. */
int aq_vm_open(const char *name, struct aq_error *err);

/* The absolute path of a file in the VM's folder. free() it. */
char *aq_vm_path(const char *name, const char *file, struct aq_error *err);

/* The absolute path of the VM's disk. free() it. */
char *aq_vm_disk_path(const struct aq_vm *vm, struct aq_error *err);

/* Opens the VM's disk for reading; `folder` is the VM's. RECORD_INVALID when it is gone. */
int aq_vm_open_disk(const struct aq_vm *vm, int folder, struct aq_error *err);

/* Shows each VM of the store, sorted by name; one whose record cannot be read is passed over. */
typedef void aq_vm_visit(void *data, const struct aq_vm *vm);
int aq_vm_each(aq_vm_visit *visit, void *data, struct aq_error *err);

/* The names of the VMs of which the text at `member` of struct aq_vm (its offsetof) is `text`, sorted. One
   whose record cannot be read is passed over. */
int aq_vm_alike(size_t member, const char *text, struct aq_strings *names, struct aq_error *err);

/* The same of those that were cloned from a base; whatever they stand on by now. */
int aq_vm_clones(const char *base, struct aq_strings *names, struct aq_error *err);

/* Adds "VM web" for each VM of which `are` says so. A record that cannot be read is an error: what it says
   may be what matters. */
int aq_vm_add_those(bool (*are)(const struct aq_vm *vm, const void *data), const void *data,
                    struct aq_strings *names, struct aq_error *err);

/* Adds what the rooms from vm/ on have standing on an image: VMs and templates. Further kinds of children are
   added here. Of the type aq_dependents (image/dependents.h). */
int aq_vm_dependents(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err);

/* Is a running guest to have written everything, and to write nothing for the moment (vm/quiesce.h)? TRY: if
   it answers at once and can; what it cannot is no failure. */
enum aq_quiesce { AQ_QUIESCE_TRY, AQ_QUIESCE_MUST, AQ_QUIESCE_NEVER };

/* What a clone is to be. Strings are the caller's; 0 and NULL mean: as the base, or the VM, has it. */
struct aq_clone_request {
    const char *base;  /* for aq_vm_clone */
    const char *layer; /* for aq_vm_clone: stand on that layer; `base` is merely what is told. NULL: none */
    const char *vm;    /* for aq_vm_clone_vm: */
    const char *snapshot;    /* of that VM; NULL: as it is now */
    enum aq_quiesce quiesce; /* of a running one: is its guest to write everything first? */
    const char *image;       /* for aq_vm_create: a user's own file, */
    bool overlay;            /* which is to stay as it is */
    const char *name;        /* NULL: one is made up */
    unsigned memory;         /* MiB */
    unsigned cpus;
    uint64_t disk_size; /* bytes; smaller than the base's is DISK_SHRINK */
    const char *network;
    const char *accel;
    const char *egress; /* as aq_egress_text writes it */
    const struct aq_port_rule *ports;
    unsigned port_count;
};

/* Makes a copy-on-write VM of a base: an overlay and a record, durable when it returns. what
   aq_chain_add fails with, VM_EXISTS, DISK_SHRINK, NO_SPACE, IO; after a failure nothing is left. */
int aq_vm_clone(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err);

/* The same of another VM, running or stopped, as it is now or was at a snapshot. What the guest of a running
   VM has not written to its disk is not in it. Besides: VM_NOT_FOUND, VM_BUSY, SNAPSHOT_NOT_FOUND, and what
   vm/freeze.h and vm/extract.h fail with. */
int aq_vm_clone_vm(const struct aq_clone_request *request, struct aq_vm *vm, bool *quiesced,
                   struct aq_error *err);

/* Makes a VM on a user's own file, in place or as an overlay. Judged as by aq_base_register; IMAGE_IN_USE
   when something else uses it, UNREADABLE when it cannot be written to. With `overlay`, disk_size is the
   overlay's; in place it is not looked at (aq_vm_resize). */
int aq_vm_create(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err);

#endif
