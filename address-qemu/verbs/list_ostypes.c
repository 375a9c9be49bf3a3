/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_field sets[] = {
    {"COUNT", "how many kinds there are"},
    {"OSTYPES.n.NAME",
     "a kind of guest; also `HOW` (the command that makes a base of it), `KNOWN` (`tests`: it is tested; "
     "`expected`: it should work; `unknown`) and `REMARKS`"},
    {NULL},
};

const struct aq_verb aq_verb_list_ostypes = {
    .name = "list_ostypes",
    .group = "Host",
    .summary = "List the kinds of guests, and how well each is known to work",
    .sets = sets,
    .example = "list_ostypes",
    .read_only = true,
    .run = run,
};

/* `tests`: the tests of this project run on it. `expected`: it has what is needed, and nobody has tried. */
static const struct {
    const char *name, *how, *known, *remarks;
} types[] = {
    {"micro", "create_base name=… kind=micro", "tests",
     "busybox and Debian's kernel; boots in seconds without KVM; our helper and the QEMU guest agent"},
    {"debian-12", "create_base name=… kind=debian suite=bookworm", "tests",
     "systemd; our helper and the QEMU guest agent; any package of Debian's"},
    {"debian", "create_base name=… kind=debian suite=…", "expected", "other releases of Debian"},
    {"linux", "register_base name=… disk=…", "expected",
     "any x86-64 Linux on a qcow2 disk that boots by BIOS, with virtio drivers; commands in it want "
     "qemu-guest-agent, or our helper"},
    {"other", "register_base name=… disk=…", "unknown",
     "boots if it has virtio drivers; commands in it want the QEMU guest agent"},
};

static int run(struct aq_call *call, struct aq_error *err)
{
    (void)err;
    struct aq_table *table = aq_result_table(call->result, "OSTYPES");
    aq_result_say(call->result, "%-10s %-9s %-50s %s\n", "NAME", "KNOWN BY", "HOW", "REMARKS");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        aq_table_row(table);
        aq_table_text(table, "NAME", types[i].name);
        aq_table_text(table, "HOW", types[i].how);
        aq_table_text(table, "KNOWN", types[i].known);
        aq_table_text(table, "REMARKS", types[i].remarks);
        aq_result_say_more(call->result, "%-10s %-9s %-50s %s\n", types[i].name, types[i].known, types[i].how,
                           types[i].remarks);
    }
    aq_result_set_int(call->result, "COUNT", sizeof types / sizeof *types);
    return 0;
}
