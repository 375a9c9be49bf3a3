/* SPDX-License-Identifier: MIT */
#include "vm/snapshot_file.h"

#include <jansson.h>

#include "util/files.h"
#include "util/json.h"
#include "util/process.h"

/* Far beyond what a table's rewriting takes; for an image that leads qemu-img astray. */
#define MEMORY_MAX (UINT64_C(2) << 30)
enum { CPU_SECONDS = 300, PATIENCE_MS = 600000 };

/* The disk as qemu-img is to open it: its format is said and its base left out, which no snapshot needs. */
static char *image_name(const char *path)
{
    aq_autojson json_t *options = json_pack("{s:s, s:n, s:{s:s, s:s}}", "driver", "qcow2", "backing", "file",
                                            "driver", "file", "filename", path);
    aq_autofree char *text = json_dumps(options, JSON_COMPACT);
    return text != NULL ? aq_format("json:%s", text) : NULL;
}

int aq_snapshot_file(const struct aq_vm *vm, enum aq_snapshot_file what, const char *name,
                     struct aq_error *err)
{
    static const char *const options[] = {"-c", "-a", "-d"};
    aq_autofree char *program = aq_need_program("qemu-img", "qemu-utils", err);
    aq_autofree char *path = program != NULL ? aq_vm_disk_path(vm, err) : NULL;
    if (path == NULL)
        return -1;
    aq_autofree char *image = image_name(path);
    if (image == NULL)
        return aq_fail(err, AQ_E_NOT_SUPPORTED, "the store's path is not UTF-8, which qemu-img needs: %s",
                       path);
    const char *const argv[] = {program, "snapshot", "-q", options[what], name, image, NULL};
    const struct aq_process process = {
        .argv = argv,
        .deadline = aq_after_ms(PATIENCE_MS),
        .memory_limit = MEMORY_MAX,
        .cpu_limit = CPU_SECONDS,
    };
    aq_interrupt_hold();
    int done = aq_process_check(&process, NULL, err);
    aq_interrupt_release();
    return done;
}
