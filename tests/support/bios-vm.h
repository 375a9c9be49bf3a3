/* SPDX-License-Identifier: MIT */
/* VMs without a guest: their disk is empty, so they sit in the BIOS. A store with such a base, and the look
 * back. */
#ifndef AQ_TEST_BIOS_VM_H
#define AQ_TEST_BIOS_VM_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "qemu/qmp.h"
#include "session.h"
#include "test.h"
#include "tool.h"
#include "util/files.h"
#include "util/home.h"
#include "util/random.h"
#include "vm/run.h"

static struct aq_error err;

static inline int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    unlink("base.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "64M");
    assert_command("register_base name=base disk=base.qcow2 memory=64M cpus=1");
    return 0;
}

/* Whatever the test did, nothing of it runs on, and the runtime folder holds no VM's folder. */
static inline int ended(void **state)
{
    (void)state;
    assert_command("list");
    aq_autostrings struct aq_strings names = {0};
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++)
        aq_strings_add(&names, aq_result_cell(last, 0, row, "NAME", NULL));
    for (size_t i = 0; i < names.count; i++)
        assert_command("remove name=%s force=true", names.items[i]);
    aq_autofree char *runtime = aq_runtime_path();
    DIR *folder = opendir(runtime);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (strlen(entry->d_name) == AQ_UUID_TEXT - 1)
            fail_msg("%s is left in the runtime folder", entry->d_name);
    if (folder != NULL) /* no VM was started: there is none */
        closedir(folder);
    return 0;
}

/* What QEMU itself says of a VM that may end at any moment: NULL when it has. free() it. */
static inline char *qemu_status_if_any(const char *name)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run;
    struct aq_error gone = {0};
    if (aq_vm_load(name, &vm, &gone) < 0 || aq_run_need(&vm, &run, &gone) < 0)
        return NULL;
    aq_autoclose int folder = aq_run_open_folder(&run, &gone);
    aq_autoqmp struct aq_qmp *qmp = folder < 0 ? NULL : aq_qmp_connect(folder, aq_after_ms(60000), &gone);
    return qmp == NULL ? NULL : aq_qmp_status(qmp, aq_after_ms(60000), &gone);
}

/* The same of one that has to be there: "running", "paused", … */
static inline char *qemu_status(const char *name)
{
    char *status = qemu_status_if_any(name);
    assert_non_null(status);
    return status;
}

#define assert_qemu_is(name, wanted)                                                                         \
    do {                                                                                                     \
        aq_autofree char *its_status = qemu_status(name);                                                    \
        assert_string_equal(its_status, wanted);                                                             \
    } while (0)

#endif
