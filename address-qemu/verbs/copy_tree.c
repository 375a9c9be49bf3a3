/* SPDX-License-Identifier: MIT */
#include "verbs/copy_tree.h"

#include <inttypes.h>

void aq_set_tree_fields(aq_result *result, const struct aq_tree_counts *counts, const char *from,
                        const char *to)
{
    struct aq_table *skipped = aq_result_table(result, "SKIPPED");
    aq_result_set_int(result, "BYTES", (int64_t)counts->bytes);
    aq_result_set_int(result, "FILES", (int64_t)counts->files);
    aq_result_set_int(result, "FOLDERS", (int64_t)counts->folders);
    aq_result_set_int(result, "LINKS", (int64_t)counts->links);
    for (size_t i = 0; i < counts->skipped_paths.count; i++) {
        aq_table_row(skipped);
        aq_table_text(skipped, "PATH", counts->skipped_paths.items[i]);
        aq_table_text(skipped, "REASON", counts->skipped_reasons.items[i]);
    }
    aq_result_say(result, "copied %s to %s: %" PRIu64 " files (%" PRIu64 " bytes), %" PRIu64 " links", from,
                  to, counts->files, counts->bytes, counts->links);
    if (counts->skipped > 0)
        aq_result_say_more(result, "; %" PRIu64 " left out", counts->skipped);
}
