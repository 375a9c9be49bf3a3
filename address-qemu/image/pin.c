/* SPDX-License-Identifier: MIT */
#include "image/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "util/clock.h"
#include "util/json.h"
#include "util/memory.h"

static struct aq_pin from_stat(const struct stat *file)
{
    return (struct aq_pin){
        .device = file->st_dev,
        .inode = file->st_ino,
        .size = (uint64_t)file->st_size,
        .mtime_ns = (int64_t)file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec,
    };
}

int aq_pin_take(int fd, const char *where, struct aq_pin *pin, struct aq_error *err)
{
    struct stat file;
    if (fstat(fd, &file) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at %s", where);
    *pin = from_stat(&file);
    return 0;
}

bool aq_pin_of_path(const char *path, struct aq_pin *pin)
{
    struct stat file;
    if (stat(path, &file) < 0 || !S_ISREG(file.st_mode))
        return false;
    *pin = from_stat(&file);
    return true;
}

bool aq_pin_equal(const struct aq_pin *a, const struct aq_pin *b)
{
    return a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

char *aq_pin_difference(const struct aq_pin *was, const struct aq_pin *is, const char *path)
{
    char when[AQ_TIME_TEXT];
    if (is->size != was->size)
        return aq_format("%s had %" PRIu64 " bytes and has %" PRIu64, path, was->size, is->size);
    if (is->mtime_ns != was->mtime_ns)
        return aq_format("%s was written to at %s, after it was taken note of", path,
                         aq_time_text(is->mtime_ns / 1000000000, when));
    return aq_format("another file has taken the place of %s", path);
}

json_t *aq_pin_to_json(const struct aq_pin *pin)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "device", (json_int_t)pin->device, "inode",
                     (json_int_t)pin->inode, "size", (json_int_t)pin->size, "mtime_ns",
                     (json_int_t)pin->mtime_ns);
}

bool aq_pin_from_json(const json_t *json, struct aq_pin *pin)
{
    const char *const keys[] = {"device", "inode", "size", "mtime_ns"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!json_is_integer(json_object_get(json, keys[i])))
            return false;
    *pin = (struct aq_pin){
        .device = (uint64_t)aq_json_int(json, "device", 0),
        .inode = (uint64_t)aq_json_int(json, "inode", 0),
        .size = (uint64_t)aq_json_int(json, "size", 0),
        .mtime_ns = aq_json_int(json, "mtime_ns", 0),
    };
    return true;
}
