/* SPDX-License-Identifier: MIT */
#include "offline/ext4.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offline/bundle_format.h"
#include "util/files.h"
#include "util/json.h"
#include "util/libexec.h"
#include "util/process.h"

#define DAEMON "qemu-storage-daemon"
#define LISTING_MAX ((size_t)1 << 28)

/* Of any size they are read and written at the disk's speed, and a slow one does this; what hangs is ended.
 */
enum { PATIENCE_MS = 600000, SLOWEST_MIB_A_SECOND = 4 };

/* One image as a block node, the one below it by its node's name (as qemu/argv.c does). The overlay is thrown
   away unless all went well, and then synced by whoever publishes it, so the daemon need not. */
static void add_image(struct aq_strings *argv, const struct aq_ext4_request *request, unsigned depth,
                      bool write)
{
    const struct aq_disk_image *image = &request->chain[depth];
    aq_autofree char *name = aq_format("disk%u", depth), *below = aq_format("disk%u", depth + 1);
    json_t *file =
        json_pack("{s:s, s:s, s:s, s:s, s:{s:b, s:b}}", "driver", "file", "filename", image->path, "aio",
                  "threads", "discard", "unmap", "cache", "direct", 0, "no-flush", depth == 0);
    aq_autojson json_t *node =
        json_pack("{s:s, s:s, s:b, s:s, s:o}", "driver", image->format, "node-name", name, "read-only",
                  depth > 0 || !write, "discard", "unmap", "file", file);
    if (strcmp(image->format, "qcow2") == 0)
        json_object_set_new(node, "backing",
                            depth + 1 < request->chain_count ? json_string(below) : json_null());
    aq_autofree char *text = json_dumps(node, JSON_COMPACT);
    aq_strings_add(argv, "--blockdev");
    aq_strings_add(argv, text);
}

static int make_argv(const struct aq_ext4_request *request, const char *mode, struct aq_strings *argv,
                     struct aq_error *err)
{
    bool write = strcmp(mode, "write") == 0;
    aq_autofree char *writer = aq_libexec_path("ext4-writer", AQ_E_TOOL_MISSING, err);
    aq_autofree char *daemon = writer != NULL ? aq_need_program(DAEMON, "qemu-utils", err) : NULL;
    if (daemon == NULL)
        return -1;
    aq_strings_add(argv, writer);
    aq_strings_add(argv, mode);
    aq_strings_format(argv, "%d", request->partition);
    aq_strings_add(argv, daemon);
    for (unsigned depth = request->chain_count; depth-- > 0;)
        add_image(argv, request, depth, write);
    aq_strings_add(argv, "--nbd-server");
    aq_strings_add(argv, "addr.type=fd,addr.str=0");
    aq_strings_add(argv, "--export");
    aq_strings_format(argv, "type=nbd,id=disk,node-name=disk0,name=disk,writable=%s", write ? "on" : "off");
    return 0;
}

static aq_deadline patience(const struct aq_ext4_request *request, bool write)
{
    struct stat file;
    int64_t bytes = write && fstat(request->bundle, &file) == 0 ? file.st_size : 0;
    for (unsigned i = 0; i < request->chain_count; i++)
        if (stat(request->chain[i].path, &file) == 0)
            bytes += (int64_t)file.st_blocks * 512;
    return aq_after_ms(PATIENCE_MS + (bytes >> 20) * 1000 / SLOWEST_MIB_A_SECOND);
}

/* Runs it in a mode that only reads. */
static int read_only(const struct aq_ext4_request *request, const char *mode, enum aq_ext4_outcome *outcome,
                     struct aq_buffer *output, struct aq_error *err)
{
    aq_autostrings struct aq_strings argv = {0};
    struct aq_process_result result = {0};
    if (make_argv(request, mode, &argv, err) < 0)
        return -1;
    const struct aq_process process = {
        .argv = (const char *const *)argv.items,
        .working_dir = request->folder,
        .capture_limit = LISTING_MAX,
        .cpu_limit = request->cpu_limit,
        .deadline = patience(request, false),
    };
    if (aq_process_run(&process, &result, err) < 0)
        return -1;
    bool whole = result.exit_code == AQ_BUNDLE_DONE && result.output.length < LISTING_MAX;
    *outcome = whole ? AQ_EXT4_DONE : AQ_EXT4_UNFIT;
    aq_buffer_add(output, aq_buffer_text(&result.output), result.output.length);
    aq_process_result_free(&result);
    return 0;
}

int aq_ext4_list(const struct aq_ext4_request *request, enum aq_ext4_outcome *outcome,
                 struct aq_buffer *listing, struct aq_error *err)
{
    return read_only(request, "list", outcome, listing, err);
}

int aq_ext4_find(const struct aq_ext4_request *request, enum aq_ext4_outcome *outcome, int *partition,
                 struct aq_error *err)
{
    aq_autobuffer struct aq_buffer output = {0};
    if (read_only(request, "find", outcome, &output, err) < 0)
        return -1;
    *partition = *outcome == AQ_EXT4_DONE ? (int)strtol(aq_buffer_text(&output), NULL, 10) : -1;
    return 0;
}

int aq_ext4_write(const struct aq_ext4_request *request, enum aq_ext4_outcome *outcome, bool *relabel,
                  struct aq_buffer *said, struct aq_error *err)
{
    aq_autostrings struct aq_strings argv = {0};
    struct aq_process_result result = {0};
    if (make_argv(request, "write", &argv, err) < 0)
        return -1;
    lseek(request->bundle, 0, SEEK_SET);
    const struct aq_process process = {
        .argv = (const char *const *)argv.items,
        .working_dir = request->folder,
        .input_fd = request->bundle,
        .cpu_limit = request->cpu_limit,
        .deadline = patience(request, true),
    };
    if (aq_process_run(&process, &result, err) < 0)
        return -1;
    *outcome = result.exit_code == AQ_BUNDLE_DONE     ? AQ_EXT4_DONE
               : result.exit_code == AQ_BUNDLE_FAILED ? AQ_EXT4_FAILED
                                                      : AQ_EXT4_UNFIT;
    *relabel = strncmp(aq_buffer_text(&result.output), "relabel", 7) == 0;
    aq_buffer_add_text(said, aq_buffer_text(&result.errors));
    aq_process_result_free(&result);
    return 0;
}
