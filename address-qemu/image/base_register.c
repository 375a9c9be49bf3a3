/* SPDX-License-Identifier: MIT */
#include "image/base_record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/qcow2.h"
#include "util/clock.h"
#include "util/files.h"

int aq_base_from_request(const struct aq_base_request *request, struct aq_base *base, struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    if (!aq_name_valid(request->name))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "%.80s is not a name for a base: [A-Za-z0-9][A-Za-z0-9._-]{0,62}", request->name);
    if (request->memory == 0 || request->cpus == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID, "the base %s needs memory and cpus for its clones",
                       request->name);
    base->name = aq_strdup(request->name);
    base->os = aq_strdup(request->os != NULL ? request->os : "");
    base->format = aq_strdup("qcow2");
    base->source = aq_strdup("");
    base->created = aq_strdup(aq_now_text(now));
    base->memory = request->memory;
    base->cpus = request->cpus;
    base->rexxjs_installed = request->rexxjs_installed;
    base->copy = request->copy;
    return 0;
}

static char *own_disk_path(int bases, const char *name)
{
    aq_autofree char *below = aq_format("%s/%s", name, AQ_BASE_DISK);
    return aq_path_at(bases, below);
}

static int fail_moving(const char *path, struct aq_error *err)
{
    return aq_fail(err, AQ_E_IMAGE_IN_USE,
                   "%s was changed while it was being registered; stop what writes to it", path);
}

/* A base stays as it is. The lock, which lasts as long as the descriptor, keeps those off who are about to
   make a VM that writes to it. */
static int check_writers(int fd, const char *path, const struct aq_base_request *request,
                         struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (request->writers == NULL)
        return 0;
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return aq_fail(err, AQ_E_IMAGE_IN_USE, "another process is making a VM of %s right now", path);
    if (request->writers(path, &names, err) < 0)
        return -1;
    if (names.count == 0)
        return 0;
    return aq_fail(err, AQ_E_IMAGE_IN_USE,
                   "%s is the disk of the %s, which writes to it; say copy=true while that is stopped, or "
                   "`clone vm=` that instead",
                   path, names.items[0]);
}

/* Opens and judges the user's disk. The pin is of the file that was judged, and that is what the path leads
 * to. */
static int examine(int bases, const struct aq_base_request *request, struct aq_base *wanted,
                   struct aq_error *err)
{
    struct aq_qcow2_info info;
    struct aq_pin pin, named;
    aq_autoclose int fd = aq_open_input(request->disk, err);
    if (fd < 0)
        return -1;
    aq_autofree char *path = aq_absolute_path(request->disk, err);
    if (path == NULL || aq_pin_take(fd, path, &pin, err) < 0 || aq_qcow2_admit(fd, path, &info, err) < 0)
        return -1;
    if (!aq_pin_of_path(path, &named) || !aq_pin_equal(&pin, &named) || pin.device != named.device)
        return fail_moving(path, err);
    wanted->virtual_size = info.virtual_size;
    if (request->copy) {
        free(wanted->source);
        wanted->source = aq_steal_ptr(&path);
        wanted->source_pin = pin;
        wanted->path = own_disk_path(bases, request->name);
        return aq_steal_fd(&fd);
    }
    if (strlen(path) > AQ_QCOW2_NAME_MAX)
        return aq_fail(
            err, AQ_E_LIMIT_EXCEEDED,
            "the path of the disk has %zu bytes and a clone can name %d; move it, or say copy=true",
            strlen(path), AQ_QCOW2_NAME_MAX);
    if (check_writers(fd, path, request, err) < 0)
        return -1;
    wanted->path = aq_steal_ptr(&path);
    wanted->pin = pin;
    return aq_steal_fd(&fd);
}

int aq_base_take_disk(struct aq_stage *stage, struct aq_base *wanted, bool digest, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autoclose int fd = aq_open_beneath(stage->folder, AQ_BASE_DISK, O_RDONLY, err);
    aq_autofree char *where = aq_path_at(stage->folder, AQ_BASE_DISK);
    if (fd < 0 || aq_qcow2_admit(fd, where, &info, err) < 0)
        return -1;
    wanted->virtual_size = info.virtual_size;
    if (fchmod(fd, 0400) < 0 || fsync(fd) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep %s", where);
    if (digest && aq_sha256_file(fd, where, wanted->sha256, err) < 0)
        return -1;
    return aq_pin_take(fd, where, &wanted->pin, err);
}

int aq_base_pin_anew(const char *name, int lock, struct aq_pin *pin, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autobase struct aq_base base = {0};
    if (aq_base_load(name, &base, err) < 0)
        return -1;
    aq_autoclose int fd = aq_open_input(base.path, err);
    if (fd < 0 || aq_qcow2_admit(fd, base.path, &info, err) < 0)
        return -1;
    if ((base.copy && fchmod(fd, 0400) < 0) || fsync(fd) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep %s", base.path);
    if (aq_pin_take(fd, base.path, &base.pin, err) < 0)
        return -1;
    base.virtual_size = info.virtual_size;
    base.sha256[0] = '\0';
    aq_boot_free(&base.boot);
    *pin = base.pin;
    if (aq_base_record_write(lock, &base, true, err) < 0)
        return -1;
    unlinkat(lock, AQ_BOOT_KERNEL, 0);
    unlinkat(lock, AQ_BOOT_INITRD, 0);
    return 0;
}

static int copy_disk(struct aq_stage *stage, int from, const struct aq_base_request *request,
                     struct aq_base *wanted, struct aq_error *err)
{
    aq_autoclose int to =
        openat(stage->folder, AQ_BASE_DISK, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a copy of %s", wanted->source);
    if (aq_copy_contents(from, to, err) < 0)
        return aq_error_context(err, "copying %s into the store", wanted->source);
    struct aq_pin now;
    if (aq_pin_take(from, wanted->source, &now, err) < 0)
        return -1;
    if (!aq_pin_equal(&now, &wanted->source_pin))
        return fail_moving(wanted->source, err);
    if (aq_base_take_disk(stage, wanted, request->digest, err) < 0)
        return -1;
    if (request->sha256 == NULL || strcmp(request->sha256, wanted->sha256) == 0)
        return 0;
    return aq_fail(err, AQ_E_CHECKSUM_WRONG,
                   "%s has another checksum: sha256:%s was expected, and it has sha256:%s; nothing was kept",
                   wanted->source, request->sha256, wanted->sha256);
}

/* Fills a stage: the private copy where one is wanted, and the record. */
static int fill(struct aq_stage *stage, int disk, const struct aq_base_request *request,
                struct aq_base *wanted, struct aq_error *err)
{
    struct aq_pin now;
    if (wanted->copy && copy_disk(stage, disk, request, wanted, err) < 0)
        return -1;
    if (!wanted->copy && request->digest) {
        if (aq_sha256_file(disk, wanted->path, wanted->sha256, err) < 0 ||
            aq_pin_take(disk, wanted->path, &now, err) < 0)
            return -1;
        if (!aq_pin_equal(&now, &wanted->pin))
            return fail_moving(wanted->path, err);
    }
    return aq_base_record_write(stage->folder, wanted, false, err);
}

static void hand_over(struct aq_base *wanted, struct aq_base *base)
{
    *base = *wanted;
    *wanted = (struct aq_base){0};
}

int aq_base_register(const struct aq_base_request *request, struct aq_base *base,
                     enum aq_base_outcome *outcome, struct aq_error *err)
{
    *base = (struct aq_base){0};
    aq_autobase struct aq_base wanted = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autoclose int bases = aq_bases_open(err);
    if (bases < 0 || aq_base_from_request(request, &wanted, err) < 0)
        return -1;
    aq_stage_sweep(bases);
    aq_autoclose int disk = examine(bases, request, &wanted, err);
    if (disk < 0)
        return -1;
    for (;;) {
        int answer = aq_base_compare(bases, &wanted, request, base, outcome, err);
        if (answer < 0 || answer == AQ_BASE_NAME_SETTLED)
            return answer < 0 ? -1 : 0;
        if (stage.folder < 0 && (aq_stage_open(bases, request->name, &stage, err) < 0 ||
                                 fill(&stage, disk, request, &wanted, err) < 0))
            return -1;
        int settled = aq_base_settle(&stage, answer, request, outcome, err);
        if (settled > 0)
            hand_over(&wanted, base);
        if (settled != 0)
            return settled < 0 ? -1 : 0;
    }
}

int aq_base_stage(const char *name, struct aq_stage *stage, char **folder, struct aq_error *err)
{
    *stage = (struct aq_stage)AQ_STAGE_NONE;
    *folder = NULL;
    aq_autoclose int bases = aq_bases_open(err);
    if (bases < 0)
        return -1;
    aq_stage_sweep(bases);
    if (aq_stage_open(bases, name, stage, err) < 0)
        return -1;
    *folder = aq_path_at(stage->parent, stage->name);
    return 0;
}

/* Puts a stage where the name is, whatever others do with the name meanwhile. The record is written at the
   first try. */
static int settle(struct aq_stage *stage, const struct aq_base_request *request, struct aq_base *wanted,
                  struct aq_base *base, enum aq_base_outcome *outcome, struct aq_error *err)
{
    for (bool recorded = false;; recorded = true) {
        int answer = aq_base_compare(stage->parent, wanted, request, base, outcome, err);
        if (answer < 0 || answer == AQ_BASE_NAME_SETTLED)
            return answer < 0 ? -1 : 0;
        if (!recorded && aq_base_record_write(stage->folder, wanted, false, err) < 0)
            return -1;
        int settled = aq_base_settle(stage, answer, request, outcome, err);
        if (settled > 0)
            hand_over(wanted, base);
        if (settled != 0)
            return settled < 0 ? -1 : 0;
    }
}

int aq_base_publish(struct aq_stage *stage, const struct aq_base_request *request, json_t *built,
                    struct aq_boot *boot, struct aq_base *base, enum aq_base_outcome *outcome,
                    struct aq_error *err)
{
    *base = (struct aq_base){0};
    aq_autobase struct aq_base wanted = {.built = built};
    if (boot != NULL) {
        wanted.boot = *boot;
        *boot = (struct aq_boot){0};
    }
    if (aq_base_from_request(request, &wanted, err) < 0 ||
        (wanted.boot.append != NULL && aq_boot_take_files(stage->folder, &wanted.boot, err) < 0))
        return -1;
    wanted.copy = true;
    wanted.path = own_disk_path(stage->parent, request->name);
    if (aq_base_take_disk(stage, &wanted, request->digest, err) < 0)
        return -1;
    return settle(stage, request, &wanted, base, outcome, err);
}

int aq_base_register_layer(const char *id, const struct aq_base_request *request, json_t *built,
                           struct aq_base *base, enum aq_base_outcome *outcome, struct aq_error *err)
{
    *base = (struct aq_base){0};
    aq_autobase struct aq_base wanted = {.built = built};
    aq_autolayer struct aq_layer layer = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autoclose int bases = aq_bases_open(err);
    if (bases < 0 || aq_base_from_request(request, &wanted, err) < 0)
        return -1;
    aq_autoclose int hold = aq_layer_lock(id, AQ_LOCK_SHARED, err);
    if (hold < 0 || aq_layer_load(id, &layer, err) < 0 || aq_layer_check(&layer, err) < 0)
        return -1;
    wanted.copy = false;
    wanted.virtual_size = layer.virtual_size;
    wanted.pin = layer.seal;
    wanted.path = aq_strdup(layer.path);
    memcpy(wanted.layer, layer.id, sizeof wanted.layer);
    memcpy(wanted.sha256, layer.sha256, sizeof wanted.sha256);
    if (aq_stage_open(bases, request->name, &stage, err) < 0)
        return -1;
    return settle(&stage, request, &wanted, base, outcome, err);
}
