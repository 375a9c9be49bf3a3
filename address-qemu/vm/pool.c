/* SPDX-License-Identifier: MIT */
#include "vm/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/keeper.h"
#include "util/libexec.h"
#include "util/yaml.h"
#include "vm/memory.h"

#define POOLS "pools"
#define RECORD "pool.yaml"

/* The version of the record's format; a later one is refused rather than half understood. */
enum { FORMAT = 1, RECORD_MAX = 16 * 1024, SIZE_MAX_READ = 1000, LOCK_WAIT_MS = 60000 };

void aq_pool_free(struct aq_pool *pool)
{
    free(pool->template);
    free(pool->failure);
    *pool = (struct aq_pool){0};
}

int aq_pool_open(const char *template, bool make, struct aq_error *err)
{
    aq_autoclose int pools = aq_open_home_dir(POOLS, err);
    if (pools < 0)
        return -1;
    if (!make && faccessat(pools, template, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return -2;
    return aq_open_private_dir_at(pools, template, err);
}

/* Holds the record, to read it, change it and write it: the folder's descriptor, whose closing lets go. -2
   without an error when there is no folder, unless it is to be made. */
static int lock_record(const char *template, bool make, struct aq_error *err)
{
    aq_autoclose int pools = aq_open_home_dir(POOLS, err);
    int folder = -1;
    if (pools < 0)
        return -1;
    for (;;) {
        aq_autoclose int made = make ? aq_open_private_dir_at(pools, template, err) : -1;
        if (make && made < 0)
            return -1;
        switch (aq_folder_lock(pools, template, AQ_LOCK_EXCLUSIVE, LOCK_WAIT_MS, &folder, err)) {
        case AQ_LOCK_HELD:
            return folder;
        case AQ_LOCK_ABSENT: /* drained between the two */
            if (!make)
                return -2;
            break;
        case AQ_LOCK_BUSY:
            return aq_fail(err, AQ_E_TEMPLATE_IN_USE,
                           "another process has been at work on the pool of %s for over a minute; try again "
                           "when it is done",
                           template);
        default:
            return -1;
        }
    }
}

bool aq_pool_exists(const char *template)
{
    struct aq_error ignored = {0};
    aq_autoclose int folder = aq_pool_open(template, false, &ignored);
    return folder >= 0;
}

int aq_pool_list(struct aq_strings *templates, struct aq_error *err)
{
    aq_autoclose int pools = aq_open_home_dir(POOLS, err);
    return pools < 0 ? -1 : aq_folder_list(pools, templates, err);
}

static int invalid(const char *template, struct aq_error *err)
{
    return aq_fail(
        err, AQ_E_RECORD_INVALID,
        "the record of the pool of the template %s cannot be used; `pool drain template=%s` clears it "
        "away",
        template, template);
}

static int from_json(const json_t *record, const char *template, struct aq_pool *pool, struct aq_error *err)
{
    int64_t size = aq_json_int(record, "size", -1);
    if (aq_json_int(record, "format", 0) != FORMAT || size < 0 || size > SIZE_MAX_READ)
        return invalid(template, err);
    pool->template = aq_strdup(template);
    pool->size = (unsigned)size;
    pool->failure = aq_strdup(aq_json_text(record, "failure", ""));
    pool->failed_at = aq_json_int(record, "failed_at", 0);
    snprintf(pool->created, sizeof pool->created, "%s", aq_json_text(record, "created", ""));
    snprintf(pool->failed, sizeof pool->failed, "%s", aq_json_text(record, "failed", ""));
    return 1;
}

int aq_pool_load(const char *template, struct aq_pool *pool, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    aq_autoclose int folder = aq_pool_open(template, false, err);
    if (folder < 0)
        return folder == -2 ? 0 : -1;
    if (aq_read_file_at(folder, RECORD, RECORD_MAX, &text, &reason) < 0)
        return reason.code == AQ_E_FILE_NOT_FOUND ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    aq_autojson json_t *record = aq_yaml_parse(aq_buffer_text(&text), text.length, RECORD, &reason);
    return record == NULL ? invalid(template, err) : from_json(record, template, pool, err);
}

static int write_record(int folder, const struct aq_pool *pool, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_autojson json_t *record =
        json_pack("{s:i, s:i, s:s}", "format", FORMAT, "size", (int)pool->size, "created", pool->created);
    if (pool->failure != NULL && pool->failure[0] != '\0') {
        json_object_set_new(record, "failure", json_string(pool->failure));
        json_object_set_new(record, "failed", json_string(pool->failed));
        json_object_set_new(record, "failed_at", json_integer(pool->failed_at));
    }
    if (aq_yaml_write(record, &text, err) < 0)
        return -1;
    return aq_replace_file_at(folder, RECORD, text.data, text.length, err);
}

int aq_pool_note_failure(const char *template, const char *failure, struct aq_error *err)
{
    aq_autopool struct aq_pool pool = {0};
    aq_autoclose int folder = lock_record(template, false, err);
    if (folder < 0)
        return folder == -2 ? 0 : -1;
    int loaded = aq_pool_load(template, &pool, err);
    if (loaded <= 0 || (failure == NULL && (pool.failure == NULL || pool.failure[0] == '\0')))
        return loaded < 0 ? -1 : 0;
    free(pool.failure);
    pool.failure = failure != NULL ? aq_strdup(failure) : NULL;
    pool.failed_at = time(NULL);
    aq_now_text(pool.failed);
    return write_record(folder, &pool, err);
}

/* Is there room for so many more? */
static int check_memory(const struct aq_template *template, unsigned size, struct aq_error *err)
{
    aq_autostrings struct aq_strings members = {0};
    if (aq_pool_ready(template->name, &members, err) < 0)
        return -1;
    return size <= members.count ? 0
                                 : aq_memory_check(size - members.count, aq_memory_of_clone(template), err);
}

int aq_pool_set_size(const char *template, unsigned size, struct aq_error *err)
{
    aq_autopool struct aq_pool pool = {0};
    struct aq_error damaged = {0};
    aq_autoclose int folder = lock_record(template, true, err);
    if (folder < 0)
        return -1;
    if (aq_pool_load(template, &pool, &damaged) <= 0) {
        aq_pool_free(&pool);
        pool.template = aq_strdup(template);
        aq_now_text(pool.created);
    }
    pool.size = size;
    free(pool.failure); /* it is tried at once */
    pool.failure = NULL;
    return write_record(folder, &pool, err);
}

int aq_pool_set(const char *template, unsigned size, struct aq_error *err)
{
    aq_autotemplate struct aq_template record = {0};
    aq_autoclose int lock = aq_template_lock(template, AQ_LOCK_SHARED, err);
    if (lock < 0 || aq_template_load(template, &record, err) < 0 ||
        aq_template_check(&record, "auto", err) < 0 || check_memory(&record, size, err) < 0 ||
        aq_pool_set_size(template, size, err) < 0)
        return -1;
    return aq_pool_call_keeper(err);
}

/* Its members and its folder; the caller holds the record, which is gone. */
static int remove_rest(int folder, const char *template, unsigned *count, struct aq_error *err)
{
    aq_autoclose int pools = aq_open_home_dir(POOLS, err);
    if (pools < 0)
        return -1;
    aq_pool_trim(folder, 0, count);
    /* What another process is at work on just now, the keeper finds without a record and clears away. */
    if (unlinkat(pools, template, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY || errno == ENOENT)
        return 0;
    return aq_fail_errno(err, AQ_E_IO, errno, "cannot remove the pool of %s", template);
}

int aq_pool_drain(const char *template, unsigned *count, struct aq_error *err)
{
    aq_autoclose int folder = lock_record(template, false, err);
    *count = 0;
    if (folder < 0)
        return folder == -2 ? 0 : -1;
    if (unlinkat(folder, RECORD, 0) < 0 && errno != ENOENT)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot remove the record of the pool of %s", template);
    return remove_rest(folder, template, count, err);
}

int aq_pool_clear_remains(const char *template, struct aq_error *err)
{
    unsigned ended = 0;
    aq_autoclose int folder = lock_record(template, false, err);
    if (folder < 0)
        return folder == -2 ? 0 : -1;
    if (faccessat(folder, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    return remove_rest(folder, template, &ended, err);
}

int aq_pool_call_keeper(struct aq_error *err)
{
    aq_autofree char *program = aq_libexec_path(AQ_POOL_KEEPER_PROGRAM, AQ_E_KEEPER_MISSING, err);
    return program == NULL || aq_keeper_need(AQ_POOL_KEEPER, program, err) < 0 ? -1 : 0;
}
