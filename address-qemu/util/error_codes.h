/* SPDX-License-Identifier: MIT */
/*
 * Every error code: its stable name, its class, what it means and what mends it. The troubleshooting page and
 * the names come from this list; there is no second one. Keep a class together, new ones at its end.
 */
#ifndef AQ_UTIL_ERROR_CODES_H
#define AQ_UTIL_ERROR_CODES_H

/* The classes of failure; the value is REXX's RC. */
enum aq_rc {
    AQ_RC_OK = 0,
    AQ_RC_FAILED = 1,
    AQ_RC_USAGE = 2,
    AQ_RC_NOT_FOUND = 3,
    AQ_RC_CONFLICT = 4,
    AQ_RC_TIMEOUT = 5,
    AQ_RC_REFUSED = 6,
    AQ_RC_GUEST = 7,
    AQ_RC_MISSING = 8,
    AQ_RC_IO = 9,
    AQ_RC_INTERRUPTED = 130
};

#define AQ_ERROR_CODES(X)                                                                                    \
    X(FAILED, FAILED, "Something failed that has no code of its own; the text says what.")                   \
    X(QEMU_FAILED, FAILED, "QEMU ended or refused; the text has what it said and how it was started.")       \
    X(TOOL_FAILED, FAILED, "A program that was run (mmdebstrap, mkfs.ext4, …) failed; its words follow.")    \
    X(QMP_FAILED, FAILED, "QEMU's monitor answered with an error, or not in its protocol.")                  \
    X(AGENT_MISSING, FAILED,                                                                                 \
      "Nothing in the guest listens on its agent port. Install qemu-guest-agent there, or use a base that "  \
      "create_base made.")                                                                                   \
    X(AGENT_DEAD, FAILED, "The guest's agent has its port open but does not answer. Restart the guest.")     \
    X(AGENT_REFUSED, FAILED,                                                                                 \
      "The guest's agent refuses the command. Some distributions block guest-exec: see BLACKLIST_RPC or "    \
      "block-rpcs in the guest's /etc/sysconfig/qemu-ga or /etc/qemu/qemu-ga.conf.")                         \
    X(COMPANION_FAILED, FAILED,                                                                              \
      "The process beside the VM, which keeps its console and network, did not do as it was told.")          \
    X(COMPANION_GONE, FAILED,                                                                                \
      "The process beside the VM has ended, so the VM has no network and no console. save_state and "        \
      "restore_state, or restart, bring another one.")                                                       \
    X(SSH_CLOSED, FAILED,                                                                                    \
      "The SSH port is closed: no server listens there. Install or start one in the guest (openssh-server, " \
      "dropbear).")                                                                                          \
    X(SSH_UNREACHABLE, FAILED, "There is no way to the SSH port; the text has the system's reason.")         \
    X(SSH_PROTOCOL, FAILED,                                                                                  \
      "What answers at the SSH port is no SSH server, or one with which no algorithm is shared; the text "   \
      "has libssh's words.")                                                                                 \
    X(SSH_CONNECTION_LOST, FAILED,                                                                           \
      "The SSH connection broke while it was in use. What ran through it is ended in the guest.")            \
    X(GUEST_PROTOCOL, FAILED, "What came from the guest is not what the protocol allows; it was dropped.")   \
    X(GUEST_REFUSED, FAILED, "The guest's operating system refused (no such file, no space, not allowed).")  \
    X(APPLIANCE_FAILED, FAILED, "libguestfs's appliance did not start or failed; the text has its words.")   \
    X(TRANSFER_CORRUPT, FAILED, "What arrived is not what was sent; nothing was put under the final name.")  \
    X(CLONE_UNREPAIRED, FAILED,                                                                              \
      "A template's clone could not be given an identity and random numbers of its own, and was not "        \
      "handed out.")                                                                                         \
    X(COMMAND_EMPTY, USAGE, "The command holds no verb. Say one; `help` lists them.")                        \
    X(COMMAND_SYNTAX, USAGE, "The command cannot be read: a quote or brace is open, or a key is missing.")   \
    X(VERB_UNKNOWN, USAGE, "There is no such verb; the text has the nearest. `help` lists all.")             \
    X(KEY_UNKNOWN, USAGE, "The verb has no such key; the text has the nearest. `help VERB` lists them.")     \
    X(KEY_REPEATED, USAGE, "A key is given twice (or under two of its names). Give it once.")                \
    X(KEY_MISSING, USAGE, "The verb needs this key. `help VERB` has an example.")                            \
    X(VALUE_INVALID, USAGE, "A value is not of its key's type or range; the text says what is expected.")    \
    X(VARIABLE_UNSET, USAGE,                                                                                 \
      "{{name}} names a REXX variable that has no value. Set it, or quote the brace.")                       \
    X(HEADER_INVALID, USAGE, "A /* rexxjs-vm-… */ line of the script is wrong; the text has file and line.") \
    X(SPEC_INVALID, USAGE, "A YAML spec is wrong; the text has file, line, column and what was expected.")   \
    X(BASE_NOT_FOUND, NOT_FOUND, "No base of that name is registered. `list_bases` shows what is.")          \
    X(VM_NOT_FOUND, NOT_FOUND, "There is no VM of that name. `list` shows what there is.")                   \
    X(TEMPLATE_NOT_FOUND, NOT_FOUND, "There is no template of that name. `list_templates` shows them.")      \
    X(FILE_NOT_FOUND, NOT_FOUND, "A file on the host is not there.")                                         \
    X(HOST_NOT_FOUND, NOT_FOUND, "The name of a host has no address; the text has the resolver's reason.")   \
    X(GUEST_FILE_NOT_FOUND, NOT_FOUND, "A file in the guest is not there.")                                  \
    X(STATE_NOT_FOUND, NOT_FOUND, "The VM has no saved state to go on from. `save_state` makes one.")        \
    X(SNAPSHOT_NOT_FOUND, NOT_FOUND, "The VM has no snapshot of that name. `list_snapshots` shows them.")    \
    X(SECRET_MISSING, NOT_FOUND,                                                                             \
      "A secret that a step needs is not in the environment, or its file is not.")                           \
    X(LAYER_NOT_FOUND, NOT_FOUND, "There is no such layer in the store. `tree` shows those there are.")      \
    X(GENERATION_NOT_FOUND, NOT_FOUND, "The image has no generation of that number. `history` shows them.")  \
    X(CHECKPOINT_NOT_FOUND, NOT_FOUND,                                                                       \
      "No script that says CHECKPOINT runs in the VM, or not that one. `checkpoint_status` shows them.")     \
    X(FORWARD_NOT_FOUND, NOT_FOUND, "No port of the host leads there. `ports` shows what does.")             \
    X(HELP_NOT_FOUND, NOT_FOUND, "There is no verb of that name to give help on.")                           \
    X(BASE_EXISTS, CONFLICT,                                                                                 \
      "A base of that name is registered for another disk. Use replace=true, or "                            \
      "another name.")                                                                                       \
    X(BASE_IN_USE, CONFLICT, "Something stands on the base; the text names it. Remove that first.")          \
    X(BASE_CHANGED, CONFLICT,                                                                                \
      "The base's disk is not what was registered: its clones would read garbage. Put the old file back, "   \
      "or "                                                                                                  \
      "register it anew (replace=true) and clone again.")                                                    \
    X(BASE_MISSING, CONFLICT, "The base is registered but its disk is gone. Put the file back.")             \
    X(LAYER_IN_USE, CONFLICT, "Something stands on the layer; the text names it. Remove that first.")        \
    X(LAYER_CHANGED, CONFLICT,                                                                               \
      "A layer's file is not what was sealed: what stands on it would read garbage. Put the file back.")     \
    X(LAYER_MISSING, CONFLICT, "A layer is on record but its file is gone. Put the file back.")              \
    X(IMAGE_CHANGED, CONFLICT,                                                                               \
      "The file that a VM's disk stands on is not what it was then: the VM would read garbage.")             \
    X(IMAGE_MISSING, CONFLICT, "The file of a VM's disk, or the one it stands on, is gone. Put it back.")    \
    X(VM_EXISTS, CONFLICT, "A VM of that name is there already. Remove it, or choose another name.")         \
    X(VM_RUNNING, CONFLICT, "The VM is running and the verb needs it stopped. `stop` it first.")             \
    X(VM_NOT_RUNNING, CONFLICT, "The VM is not running and the verb needs it to be. `start` it first.")      \
    X(VM_PAUSED, CONFLICT,                                                                                   \
      "The VM is paused, or QEMU has stopped it because the host's disk is full. `resume` it.")              \
    X(VM_SAVED, CONFLICT,                                                                                    \
      "The VM has a saved state. `restore_state` it, or `start` it with discard_state=true.")                \
    X(VM_BUSY, CONFLICT, "Another process is at work on the VM. Try again when it is done.")                 \
    X(VM_MISMATCH, CONFLICT, "The VM that is there is not the one that was asked for; the text says how.")   \
    X(ISO_ATTACHED, CONFLICT, "The VM's drive has another disc in it. `detach_iso` takes it out.")           \
    X(SNAPSHOT_EXISTS, CONFLICT, "The VM has a snapshot of that name already.")                              \
    X(FILE_EXISTS, CONFLICT,                                                                                 \
      "There is a file already where one was to be made. Say overwrite=true, or another name.")              \
    X(SOURCE_CHANGED, CONFLICT,                                                                              \
      "A source of a spec was written to while it was being used. Nothing was kept; try again.")             \
    X(TEMPLATE_EXISTS, CONFLICT,                                                                             \
      "There is a template of that name already. Use replace=true, or another name.")                        \
    X(TEMPLATE_IN_USE, CONFLICT,                                                                             \
      "Clones of the template are there; the text names them. Remove those first.")                          \
    X(TEMPLATE_STALE, CONFLICT,                                                                              \
      "The template was made by another QEMU, board, CPU or accelerator, or with other devices. Make it "    \
      "anew (create_template, replace=true).")                                                               \
    X(TEMPLATE_CHANGED, CONFLICT,                                                                            \
      "The template's files are not what was sealed. Remove it, and make it anew.")                          \
    X(VM_HAS_SNAPSHOTS, CONFLICT,                                                                            \
      "The VM's disk holds snapshots, which need what it stands on. Remove them, or work on a clone.")       \
    X(ADDRESS_IN_USE, CONFLICT,                                                                              \
      "Another VM that runs has the VM's address in their private network. Stop that one first.")            \
    X(PORT_IN_USE, CONFLICT, "Another program listens on the port; the text names it.")                      \
    X(TIMEOUT, TIMEOUT, "It took longer than `timeout` allows. What was under way was ended.")               \
    X(GUEST_NOT_READY, TIMEOUT,                                                                              \
      "The guest could not be spoken to in time. The text has the stage it reached and the console's tail.") \
    X(SSH_SILENT, TIMEOUT,                                                                                   \
      "Nothing has answered at the SSH port in time: the guest's network is not up, or something drops "     \
      "what is sent there.")                                                                                 \
    X(COMMAND_TIMEOUT, TIMEOUT, "The command in the guest outlived its timeout and was ended.")              \
    X(IMAGE_NOT_QCOW2, REFUSED, "The file is not a qcow2 image. Convert it: qemu-img convert -O qcow2 …")    \
    X(IMAGE_TRUNCATED, REFUSED, "The image ends before its own tables do: it was not copied whole.")         \
    X(IMAGE_CORRUPT, REFUSED,                                                                                \
      "The image is marked corrupt, or its header contradicts itself. Try "                                  \
      "qemu-img check -r all on a copy.")                                                                    \
    X(IMAGE_ENCRYPTED, REFUSED, "Encrypted images are not supported. Convert it to a plain one.")            \
    X(IMAGE_DATA_FILE, REFUSED,                                                                              \
      "The image keeps its data in another file, which could be any file of the "                            \
      "host. Convert it to one that stands alone.")                                                          \
    X(IMAGE_BACKING_FILE, REFUSED,                                                                           \
      "The image names a backing file that this store did not make: it could "                               \
      "read any file of the host. Convert it to one that stands alone.")                                     \
    X(IMAGE_FEATURE, REFUSED, "The image needs a qcow2 feature that is not known here.")                     \
    X(IMAGE_SIZE, REFUSED, "The image's sizes are absurd.")                                                  \
    X(IMAGE_IN_USE, REFUSED,                                                                                 \
      "Another program has the image open for writing (or it was not closed "                                \
      "cleanly). Stop that VM first; qemu-img check -r all clears a stale mark.")                            \
    X(FILE_KIND, REFUSED, "A regular file was wanted; a folder, device, fifo or socket was found.")          \
    X(FILE_LINK, REFUSED, "A symbolic link that leads nowhere, or one where none is allowed.")               \
    X(SOURCE_OUTSIDE, REFUSED,                                                                               \
      "A spec reads a file outside of its folder. Move it there, or allow its folder: allow_source=…")       \
    X(CHECKSUM_WRONG, REFUSED,                                                                               \
      "What was downloaded is not what its checksum says. Nothing of it was kept; ask the publisher.")       \
    X(NO_NETWORK, REFUSED, "The VM has no network, so nothing leads to its SSH server. Clone it with one.")  \
    X(SSH_HOST_KEY_UNKNOWN, REFUSED,                                                                         \
      "Nobody has said which host key the SSH server has, so it was not spoken to. See `configure_ssh`.")    \
    X(SSH_HOST_KEY_CHANGED, REFUSED,                                                                         \
      "The SSH server shows another host key than it should: someone may be in between, or its keys were "   \
      "made anew. See `configure_ssh`.")                                                                     \
    X(SSH_KEY_REFUSED, REFUSED,                                                                              \
      "The SSH server does not let that user in with that key. See `configure_ssh`.")                        \
    X(CONSOLE_LOGIN_REFUSED, REFUSED,                                                                        \
      "The guest's console does not let that user in. See `configure_serial`.")                              \
    X(SSH_KEY_UNUSABLE, REFUSED,                                                                             \
      "The private key cannot be used: it is no key, or has a passphrase, or is open to others.")            \
    X(DISK_SHRINK, REFUSED, "A disk can grow but not shrink.")                                               \
    X(NOT_SUPPORTED, REFUSED, "This is not supported; the text says what is.")                               \
    X(TEMPLATE_SECRETS, REFUSED,                                                                             \
      "A script of a user's has run in the VM, so a template of it may hold secrets. "                       \
      "allow_provisioned=true says that it may.")                                                            \
    X(MEMORY_SHORT, REFUSED,                                                                                 \
      "The host has not enough memory for that many VMs more; the text has what there is. Ask for fewer.")   \
    X(POLICY_REFUSED, REFUSED,                                                                               \
      "The policy does not allow it; the text names the rule, its file and its line.")                       \
    X(POLICY_INVALID, REFUSED,                                                                               \
      "A file of the policy cannot be read, so nothing is done that it might refuse; the text says why.")    \
    X(STORE_UNSAFE, REFUSED, "The store or runtime folder belongs to someone else or is open to others.")    \
    X(LIMIT_EXCEEDED, REFUSED, "More was asked for than is allowed or possible; the text has the limit.")    \
    X(GUEST_COMMAND_FAILED, GUEST,                                                                           \
      "The command ran in the guest and ended with the code in QEMU_EXIT_CODE.")                             \
    X(CHECKPOINT_ABORTED, GUEST,                                                                             \
      "The script was told to abort by the answer to its CHECKPOINT, did not end by itself, and was ended.") \
    X(TOOL_MISSING, MISSING, "A program is not installed; the text has the package. See `verify_host`.")     \
    X(KVM_UNUSABLE, MISSING, "accel=kvm was asked for and KVM does not run guests here. Use accel=auto.")    \
    X(LIBRARY_MISSING, MISSING, "A library is not installed; the text has the package.")                     \
    X(COMPANION_MISSING, MISSING, "A program of ours that every VM needs is not where it was installed.")    \
    X(KEEPER_MISSING, MISSING, "Our program that works while no script runs is not where it was installed.") \
    X(APPLIANCE_UNUSABLE, MISSING,                                                                           \
      "libguestfs cannot work on this host; the text has the command that mends it. See `verify_host`.")     \
    X(GUEST_RUNNER_MISSING, MISSING, "The static rexx-guest is not where it was installed.")                 \
    X(IO, IO, "Reading or writing on the host failed; the text has the file and the reason.")                \
    X(NO_SPACE, IO, "The host's disk is full. What was half-made has been removed.")                         \
    X(RECORD_INVALID, IO, "A record of the store cannot be read; the text has file, line and reason.")       \
    X(UNREADABLE, IO, "The file is there but this user may not read it.")                                    \
    X(DOWNLOAD_FAILED, IO, "A download failed; the text has the URL and the reason. The next try goes on.")  \
    X(INTERRUPTED, INTERRUPTED, "Ctrl-C or SIGTERM; what was under way was ended and cleared away.")

enum aq_error_code {
    AQ_OK = 0,
#define X(name, class, meaning) AQ_E_##name,
    AQ_ERROR_CODES(X)
#undef X
        AQ_ERROR_COUNT
};

#endif
