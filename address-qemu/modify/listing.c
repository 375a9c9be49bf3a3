/* SPDX-License-Identifier: MIT */
#include "modify/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/chain.h"
#include "image/qcow2.h"
#include "offline/ext4.h"
#include "offline/list_format.h"
#include "util/files.h"
#include "util/home.h"
#include "util/stage.h"

#define OVERLAY "overlay.qcow2"

enum { LIST_MS = 1200000 };
#define LISTING_MAX ((size_t)1 << 28)

/* An appliance wants a disk that it can write to: an overlay that nobody keeps. */
static int list_in_appliance(const struct aq_stage *work, const char *folder,
                             const struct aq_reference *reference, const struct aq_chain *chain,
                             struct aq_appliance_request *request, struct aq_buffer *text,
                             struct aq_error *err)
{
    static const char *const arguments[] = {"list", NULL};
    struct aq_root root = reference->root;
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_guest_exec exec = {.deadline = aq_after_ms(LIST_MS), .capture_limit = LISTING_MAX};
    aq_autofree char *path = aq_format("%s/" OVERLAY, folder);
    aq_autoclose int fd = aq_make_file_at(work->folder, OVERLAY, NULL, 0, 0600, err);
    if (fd < 0 || aq_qcow2_write_overlay(fd, path, chain->images[0].path, reference->virtual_size, err) < 0)
        return -1;
    const struct aq_appliance_drive drive = {path, "qcow2", "main"};
    request->drives = &drive;
    request->drive_count = 1;
    aq_autoappliance struct aq_appliance *appliance = aq_appliance_open(request, err);
    if (appliance == NULL || aq_appliance_mount(appliance, &root, err) < 0 ||
        aq_appliance_agent(appliance, arguments, &exec, &exit, err) < 0)
        return -1;
    if (exit.exit_code != 0 || exit.output_length > exit.output.length)
        return aq_fail(err, AQ_E_GUEST_REFUSED, "the image cannot be listed: %.400s",
                       aq_buffer_text(&exit.errors));
    aq_buffer_add(text, aq_buffer_text(&exit.output), exit.output.length);
    return 0;
}

static int list_directly(const char *folder, const struct aq_reference *reference,
                         const struct aq_chain *chain, enum aq_ext4_outcome *outcome, struct aq_buffer *text,
                         struct aq_error *err)
{
    struct aq_ext4_request request = {
        .chain = chain->images,
        .chain_count = chain->count,
        .partition = aq_root_partition(&reference->root),
        .folder = folder,
    };
    *outcome = AQ_EXT4_UNFIT;
    if (request.partition < 0 &&
        (aq_ext4_find(&request, outcome, &request.partition, err) < 0 || request.partition < 0))
        return err->code == AQ_OK ? 0 : -1;
    return aq_ext4_list(&request, outcome, text, err);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct aq_name_entry *)a)->path, ((const struct aq_name_entry *)b)->path);
}

static int parse(struct aq_listing *listing, struct aq_error *err)
{
    size_t room = 0;
    for (const char *at = aq_buffer_text(&listing->text), *end = at + listing->text.length; at < end;) {
        struct aq_name_entry entry = {0};
        int used = 0;
        if (sscanf(at, AQ_LIST_FORMAT "%n", &entry.mode, &entry.uid, &entry.gid, &entry.size, &entry.mtime,
                   &entry.ctime, &used) != 6 ||
            at[used] != '/')
            return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the listing of the image cannot be understood");
        entry.path = at + used;
        entry.target = entry.path + strlen(entry.path) + 1;
        at = entry.target + strlen(entry.target) + 1;
        if (listing->count == room) {
            room = room * 2 + 1024;
            listing->items = aq_realloc(listing->items, room * sizeof *listing->items);
        }
        listing->items[listing->count++] = entry;
    }
    qsort(listing->items, listing->count, sizeof *listing->items, compare_entries);
    return 0;
}

static int read_text(const struct aq_reference *reference, struct aq_appliance_request *request,
                     struct aq_buffer *text, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autostage struct aq_stage work = AQ_STAGE_NONE;
    enum aq_ext4_outcome outcome;
    aq_autoclose int hold = aq_parent_lock(&reference->parent, AQ_LOCK_SHARED, err);
    aq_autoclose int cache = hold < 0 ? -1 : aq_open_home_dir("cache", err);
    if (cache < 0 || aq_chain_add(&reference->parent, &chain, err) < 0 ||
        aq_stage_open(cache, "list", &work, err) < 0)
        return -1;
    aq_autofree char *folder = aq_path_at(cache, work.name);
    if (list_directly(folder, reference, &chain, &outcome, text, err) < 0)
        return -1;
    if (outcome == AQ_EXT4_DONE)
        return 0;
    aq_buffer_clear(text);
    return list_in_appliance(&work, folder, reference, &chain, request, text, err);
}

int aq_listing_read(const struct aq_reference *reference, void (*say)(void *data, const char *line),
                    void *data, struct aq_listing *listing, struct aq_error *err)
{
    struct aq_appliance_request request = {.progress = say, .progress_data = data};
    if (read_text(reference, &request, &listing->text, err) < 0)
        return -1;
    return parse(listing, err);
}

void aq_listing_free(struct aq_listing *listing)
{
    aq_buffer_free(&listing->text);
    free(listing->items);
    *listing = (struct aq_listing){0};
}

static void add(struct aq_buffer *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct aq_buffer *what, const char *format, ...)
{
    va_list args;
    char text[128];
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    aq_buffer_format(what, "%s%s", what->length > 0 ? ", " : "", text);
}

static void compare_two(const struct aq_name_entry *a, const struct aq_name_entry *b, struct aq_buffer *what)
{
    bool folder = S_ISDIR(b->mode);
    if ((a->mode & S_IFMT) != (b->mode & S_IFMT))
        add(what, "type");
    else if (strcmp(a->target, b->target) != 0)
        add(what, "target");
    else if (!folder && (a->size != b->size || a->mtime != b->mtime))
        add(what, "content");
    if ((a->mode & 07777) != (b->mode & 07777) && !S_ISLNK(b->mode))
        add(what, "mode %04o to %04o", a->mode & 07777, b->mode & 07777);
    if (a->uid != b->uid || a->gid != b->gid)
        add(what, "owner %u:%u to %u:%u", a->uid, a->gid, b->uid, b->gid);
}

void aq_listing_compare(const struct aq_listing *a, const struct aq_listing *b,
                        void (*tell)(void *data, enum aq_difference difference,
                                     const struct aq_name_entry *entry, const char *what),
                        void *data)
{
    for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
        int order = i == a->count ? 1 : j == b->count ? -1 : strcmp(a->items[i].path, b->items[j].path);
        aq_autobuffer struct aq_buffer what = {0};
        if (order < 0) {
            tell(data, AQ_REMOVED, &a->items[i++], "");
            continue;
        }
        if (order > 0) {
            tell(data, AQ_ADDED, &b->items[j++], "");
            continue;
        }
        compare_two(&a->items[i++], &b->items[j], &what);
        if (what.length > 0)
            tell(data, AQ_CHANGED, &b->items[j], what.data);
        j++;
    }
}
