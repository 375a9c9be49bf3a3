/* SPDX-License-Identifier: MIT */
#include "image/identity.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "util/files.h"
#include "util/home.h"

#define CACHE "digests"

static int open_cache(struct aq_error *err)
{
    aq_autoclose int cache = aq_open_home_dir("cache", err);
    return cache < 0 ? -1 : aq_open_private_dir_at(cache, CACHE, err);
}

static char *file_name(const struct aq_pin *pin)
{
    return aq_format("%" PRIu64 "-%" PRIu64 "-%" PRIu64 "-%" PRId64, pin->device, pin->inode, pin->size,
                     pin->mtime_ns);
}

static bool recall(int cache, const char *name, char identity[AQ_SHA256_TEXT])
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_read_file_at(cache, name, AQ_SHA256_TEXT, &text, &ignored) < 0 ||
        text.length != AQ_SHA256_TEXT - 1 || !aq_layer_id_valid(text.data))
        return false;
    memcpy(identity, text.data, AQ_SHA256_TEXT);
    return true;
}

int aq_base_identity(const struct aq_base *base, char identity[AQ_SHA256_TEXT], struct aq_error *err)
{
    const char *known = base->layer[0] != '\0' ? base->layer : base->sha256;
    if (known[0] != '\0') {
        memcpy(identity, known, AQ_SHA256_TEXT);
        return 0;
    }
    aq_autofree char *name = file_name(&base->pin);
    aq_autoclose int cache = open_cache(err);
    if (cache < 0)
        return -1;
    if (recall(cache, name, identity))
        return 0;
    aq_autoclose int disk = aq_open_input(base->path, err);
    if (disk < 0 || aq_sha256_file(disk, base->path, identity, err) < 0)
        return -1;
    struct aq_error ignored = {0}; /* what cannot be remembered is found out again */
    aq_replace_file_at(cache, name, identity, AQ_SHA256_TEXT - 1, &ignored);
    return 0;
}
