/* SPDX-License-Identifier: MIT */
#include "vm/private_network.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "gateway/peers.h"
#include "util/files.h"
#include "util/home.h"
#include "util/names.h"
#include "vm/companion.h"
#include "vm/record.h"

#define MEMBER "network" /* in the folder of its sockets: network, name and address, a line each */

enum {
    FIRST_ADDRESS = 16, /* of 10.0.2.0/24; those below are the host's, and a VM's that is on its own */
    LAST_ADDRESS = 254,
    MEMBER_MAX = 256,
    MEMBER_MS = 5000,
    LOCK_MS = 60000,
    LOOK_EVERY_MS = 5,
    CABLE_BUFFER = 1 << 20,
};

/* One that runs. */
struct member {
    char network[AQ_NAME_MAX + 1], name[AQ_NAME_MAX + 1], address[AQ_IP_TEXT];
};

bool aq_private_network_has(const struct aq_vm *vm)
{
    return strcmp(vm->network, "none") != 0 && strcmp(vm->network, "user") != 0;
}

const char *aq_private_network_domain(const struct aq_vm *vm, char text[AQ_PRIVATE_DOMAIN])
{
    snprintf(text, AQ_PRIVATE_DOMAIN, "%s.internal", vm->network);
    return text;
}

int aq_private_network_lock(struct aq_error *err)
{
    aq_autoclose int lock = aq_open_runtime(err); /* the folder itself is what is locked */
    if (lock < 0)
        return -1;
    aq_deadline deadline = aq_after_ms(LOCK_MS);
    while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot lock the private networks");
        if (aq_ms_left(deadline) == 0)
            return aq_fail(err, AQ_E_VM_BUSY,
                           "another VM has been joining a private network for over a minute");
        if (aq_sleep_until(aq_after_ms(LOOK_EVERY_MS), err) < 0)
            return -1;
    }
    return aq_steal_fd(&lock);
}

/* The addresses that the store's VMs of a network have. */
struct addresses {
    const char *network;
    bool *taken;
};

static void mark_address(void *data, const struct aq_vm *vm)
{
    struct addresses *addresses = data;
    unsigned last;
    if (strcmp(vm->network, addresses->network) == 0 && sscanf(vm->address, "10.0.2.%u", &last) == 1 &&
        last < 256)
        addresses->taken[last] = true;
}

static int mark_taken(const char *network, bool taken[256], struct aq_error *err)
{
    struct addresses addresses = {network, taken};
    return aq_vm_each(mark_address, &addresses, err);
}

int aq_private_network_assign(struct aq_vm *vm, int lock, struct aq_error *err)
{
    bool taken[256] = {false};
    if (vm->address[0] != '\0')
        return 0;
    aq_autoclose int networks = aq_private_network_lock(err);
    if (networks < 0 || mark_taken(vm->network, taken, err) < 0)
        return -1;
    unsigned last = FIRST_ADDRESS;
    while (last <= LAST_ADDRESS && taken[last])
        last++;
    if (last > LAST_ADDRESS)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the private network %s has no address left for the VM %s",
                       vm->network, vm->name);
    snprintf(vm->address, sizeof vm->address, "10.0.2.%u", last);
    return aq_vm_write(vm, lock, err);
}

static bool read_member(int runtime, const char *folder, struct member *member)
{
    char path[AQ_UUID_TEXT + sizeof "/" MEMBER];
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer text = {0};
    if (strlen(folder) != AQ_UUID_TEXT - 1)
        return false;
    snprintf(path, sizeof path, "%s/" MEMBER, folder);
    return aq_read_file_at(runtime, path, MEMBER_MAX, &text, &ignored) == 0 &&
           sscanf(aq_buffer_text(&text), "%63s %63s %45s", member->network, member->name, member->address) ==
               3;
}

static int check_member(const struct aq_vm *vm, const struct member *member, struct aq_error *err)
{
    if (strcmp(member->address, vm->address) != 0)
        return 0;
    return aq_fail(
        err, AQ_E_ADDRESS_IN_USE,
        "the VM %s has the address %s in the private network %s, which the VM %s of another store has "
        "there, too; they cannot run at the same time",
        vm->name, vm->address, vm->network, member->name);
}

/* Has one of both take an end of a new cable: 0, or 1 when it has just ended. */
static int give_end(int fd, int end, const char *network, const char *name, const char *address,
                    aq_deadline deadline, struct aq_error *err)
{
    struct aq_error why = {0};
    if (aq_companion_call(fd, end, NULL, deadline, &why, "peer %s %s", name, address) == 0)
        return 0;
    if (why.code == AQ_E_COMPANION_GONE)
        return 1;
    if (why.code == AQ_E_LIMIT_EXCEEDED)
        return aq_fail(
            err, AQ_E_LIMIT_EXCEEDED,
            "%d VMs of the private network %s run, and more cannot at the same time; `stop` another "
            "one first",
            AQ_PEERS_MAX + 1, network);
    return aq_fail(err, why.code, "%s", why.text);
}

/* Gives both ends of a new cable. What keeps us from connecting to the other is that it has just ended: then
   there is nobody to be known to. */
static int connect_both(const struct aq_vm *vm, int fd, int runtime, const char *folder,
                        const struct member *member, aq_deadline deadline, struct aq_error *err)
{
    int ends[2], size = CABLE_BUFFER;
    struct aq_error why = {0};
    aq_autodisconnect struct aq_qemu_connection other = AQ_QEMU_UNCONNECTED;
    aq_autoclose int run_folder = aq_open_beneath(runtime, folder, O_RDONLY | O_DIRECTORY, &why);
    if (run_folder < 0 ||
        aq_qemu_connect(run_folder, AQ_SOCKET_CONTROL, aq_after_ms(MEMBER_MS), &other, &why) < 0)
        return why.code == AQ_E_INTERRUPTED ? aq_fail(err, why.code, "%s", why.text) : 0;
    if (check_member(vm, member, err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pair of sockets for the private network");
    aq_autoclose int ours = ends[0], theirs = ends[1];
    setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(theirs, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    int given = give_end(other.fd, theirs, vm->network, vm->name, vm->address, aq_after_ms(MEMBER_MS), err);
    if (given != 0)
        return given < 0 ? -1 : 0;
    given = give_end(fd, ours, vm->network, member->name, member->address, deadline, err);
    return given <= 0 ? given : aq_fail(err, AQ_E_COMPANION_GONE, "the VM's companion has ended");
}

static void cleanup_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

int aq_private_network_join(const struct aq_vm *vm, int run_folder, int fd, aq_deadline deadline,
                            struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    aq_cleanup(cleanup_dir) DIR *folders = runtime >= 0 ? aq_open_entries(runtime) : NULL;
    if (folders == NULL)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at the VMs that run");
    const struct dirent *entry;
    while ((entry = readdir(folders)) != NULL) {
        struct member member;
        if (strcmp(entry->d_name, vm->id) == 0 || !read_member(runtime, entry->d_name, &member) ||
            strcmp(member.network, vm->network) != 0)
            continue;
        if (connect_both(vm, fd, runtime, entry->d_name, &member, deadline, err) < 0)
            return -1;
    }
    aq_autofree char *word = aq_format("%s\n%s\n%s\n", vm->network, vm->name, vm->address);
    return aq_replace_file_at(run_folder, MEMBER, word, strlen(word), err);
}
