/* SPDX-License-Identifier: MIT */
/* The stage in which the image is made that a script's header asks for by a spec. */
#include <string.h>

#include "modify/modify.h"
#include "verbs/download_progress.h"
#include "verbs/provision_stages.h"

static void say(void *data, const char *line)
{
    const struct aq_provision *provision = data;
    aq_progress(provision->call, "%s: %s", provision->header.spec, line);
}

/* Relative to the script. */
static char *spec_path(const struct aq_provision *provision)
{
    const char *script = aq_arg_text(provision->call, "script"), *slash = strrchr(script, '/');
    const char *spec = provision->header.spec;
    if (spec[0] == '/' || slash == NULL)
        return aq_strdup(spec);
    return aq_format("%.*s/%s", (int)(slash - script), script, spec);
}

/* The layer's id is not known as long as it has to be made: no VM stands on that. */
static void note_image(struct aq_provision *provision, const struct aq_modify *modify)
{
    if (aq_modify_count(modify, AQ_MODIFY_TODO) == 0)
        memcpy(provision->layer, aq_modify_top(modify)->id, sizeof provision->layer);
    free(provision->image_base);
    provision->image_base = aq_strdup(modify->base.name);
    provision->image_memory = modify->base.memory;
    provision->image_cpus = modify->base.cpus;
}

static int fail_of_spec(const struct aq_provision *provision, struct aq_error *err)
{
    return aq_error_context(err, "%s, line %d: rexxjs-vm-spec", aq_arg_text(provision->call, "script"),
                            provision->header.spec_line);
}

int aq_stage_image(struct aq_provision *provision, struct aq_error *err)
{
    aq_automodify struct aq_modify modify = AQ_MODIFY_NONE;
    const char *given = aq_arg_text(provision->call, "base"), *base = provision->header.base;
    if (provision->header.spec[0] == '\0')
        return 0;
    aq_autofree char *path = spec_path(provision);
    const struct aq_modify_request request = {
        .spec = {.path = path,
                 .base = given != NULL     ? given
                         : base[0] != '\0' ? base
                                           : NULL},
    };
    struct aq_call_progress downloads;
    const struct aq_modify_watch watch = {
        .data = provision,
        .say = say,
        .download = aq_call_progress_start(&downloads, provision->call),
    };
    if (aq_modify_load(&request, &modify, err) < 0)
        return fail_of_spec(provision, err);
    note_image(provision, &modify);
    if (aq_provision_foresee(provision, modify.base.virtual_size, err) < 0)
        return -1;
    if (aq_modify_build(&modify, &watch, err) < 0)
        return fail_of_spec(provision, err);
    note_image(provision, &modify);
    return 0;
}
