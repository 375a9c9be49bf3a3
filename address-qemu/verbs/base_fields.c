/* SPDX-License-Identifier: MIT */
#include "verbs/base_fields.h"

void aq_set_base_fields(aq_result *result, const struct aq_base *base)
{
    aq_result_set_text(result, "NAME", base->name);
    aq_result_set_text(result, "DISK", base->path);
    aq_result_set_text(result, "FORMAT", base->format);
    aq_result_set_int(result, "VIRTUAL_SIZE", (int64_t)base->virtual_size);
    aq_result_set_int(result, "MEMORY", base->memory);
    aq_result_set_int(result, "CPUS", base->cpus);
    aq_result_set_text(result, "OS", base->os);
    aq_result_set_text(result, "CREATED", base->created);
    aq_result_set_text(result, "STATUS", aq_base_status(base));
    aq_result_set_bool(result, "REXXJS_INSTALLED", base->rexxjs_installed);
    aq_result_set_bool(result, "COPY", base->copy);
    if (base->layer[0] != '\0')
        aq_result_set_text(result, "LAYER", base->layer);
    if (base->source[0] != '\0')
        aq_result_set_text(result, "SOURCE", base->source);
    if (base->sha256[0] != '\0')
        aq_result_set_text(result, "SHA256", base->sha256);
}
