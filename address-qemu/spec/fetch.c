/* SPDX-License-Identifier: MIT */
/* What a step needs from elsewhere, brought here before it begins. */
#include <sys/stat.h>

#include "spec/inputs.h"
#include "spec/source.h"

static int fetch_url(const struct aq_spec *spec, struct aq_item *item,
                     const struct aq_download_progress *progress, struct aq_error *err)
{
    const struct aq_download download = {
        .url = item->entry->from, .sha256 = item->digest, .progress = progress};
    struct stat file;
    aq_autoclose int fd = aq_download_cached(&download, err);
    if (fd < 0 || fstat(fd, &file) < 0)
        return aq_spec_context(spec, item->entry->from_place, err);
    item->size = (uint64_t)file.st_size;
    return 0;
}

int aq_step_fetch(const struct aq_spec *spec, struct aq_step *step,
                  const struct aq_download_progress *progress, struct aq_error *err)
{
    for (size_t i = 0; i < step->item_count; i++)
        if (step->items[i].entry->kind == AQ_ENTRY_URL && fetch_url(spec, &step->items[i], progress, err) < 0)
            return -1;
    for (size_t i = 0; step->kind == AQ_STEP_COMMAND && i < step->command->secrets.count; i++) {
        aq_autosecret struct aq_buffer value = {0};
        if (aq_secret_read(spec, step->command->secrets.items[i], &value, err) < 0)
            return -1;
    }
    return 0;
}
