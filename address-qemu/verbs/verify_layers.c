/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>

#include "command/verb.h"
#include "image/layer.h"
#include "util/files.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"layer", AQ_TYPE_TEXT, .positional = true, .meaning = "the id of one layer; all of them unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many were read"},
    {"BAD", "how many are not what was published"},
    {"LAYERS.n.ID",
     "a layer; also `STATUS` (`ok`, `changed`, `missing`, `unknown` when no digest was kept) and `ERROR`"},
    {NULL},
};

const struct aq_verb aq_verb_verify_layers = {
    .name = "verify_layers",
    .group = "Images",
    .summary = "Read all layers and compare them with their digests",
    .details = "Layers are looked at (size and time of change) whenever they are used. This reads them: for "
               "a disk that "
               "is not trusted.",
    .params = params,
    .sets = sets,
    .example = "verify_layers",
    .read_only = true,
    .run = run,
};

/* "ok", "unknown"; or what is wrong, in `reason`. NULL when it was interrupted. */
static const char *verify(const struct aq_layer *layer, struct aq_error *reason)
{
    char digest[AQ_SHA256_TEXT], id[AQ_LAYER_SHORT_TEXT];
    if (aq_layer_check(layer, reason) < 0)
        return reason->code == AQ_E_LAYER_MISSING ? "missing" : "changed";
    aq_autoclose int fd = aq_open_input(layer->path, reason);
    if (fd < 0)
        return "missing";
    if (layer->sha256[0] == '\0')
        return "unknown";
    if (aq_sha256_file(fd, layer->path, digest, reason) < 0)
        return reason->code == AQ_E_INTERRUPTED ? NULL : "changed";
    if (strcmp(digest, layer->sha256) == 0)
        return "ok";
    aq_fail(reason, AQ_E_LAYER_CHANGED,
            "the layer %s has other contents than were published: its SHA-256 is %s",
            aq_layer_short(layer->id, id), digest);
    return "changed";
}

static int verify_one(struct aq_call *call, struct aq_table *table, const char *id, int64_t *bad,
                      struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {0};
    struct aq_error reason = {0};
    char text[AQ_LAYER_SHORT_TEXT];
    aq_progress(call, "reading layer %s", aq_layer_short(id, text));
    const char *status = aq_layer_load(id, &layer, &reason) < 0 ? "changed" : verify(&layer, &reason);
    if (status == NULL)
        return aq_fail(err, reason.code, "%s", reason.text);
    aq_table_row(table);
    aq_table_text(table, "ID", id);
    aq_table_text(table, "STATUS", status);
    if (reason.code != AQ_OK)
        aq_table_text(table, "ERROR", reason.text);
    aq_result_say_more(call->result, "%s  %s%s%s\n", aq_layer_short(id, text), status,
                       reason.code != AQ_OK ? ": " : "", reason.text);
    *bad += reason.code != AQ_OK;
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings ids = {0};
    struct aq_table *table = aq_result_table(call->result, "LAYERS");
    const char *one = aq_arg_text(call, "layer");
    int64_t bad = 0;
    if (one != NULL) {
        aq_autolayer struct aq_layer layer = {0};
        if (aq_layer_load(one, &layer, err) < 0)
            return -1;
        aq_strings_add(&ids, one);
    } else if (aq_layer_list(&ids, err) < 0) {
        return -1;
    }
    aq_result_say(call->result, "%s", ids.count == 0 ? "there is no layer" : "");
    for (size_t i = 0; i < ids.count; i++)
        if (verify_one(call, table, ids.items[i], &bad, err) < 0)
            return -1;
    aq_result_set_int(call->result, "COUNT", (int64_t)ids.count);
    aq_result_set_int(call->result, "BAD", bad);
    if (bad > 0)
        return aq_fail(err, AQ_E_LAYER_CHANGED,
                       "%lld of %zu layers are not what was published; QEMU_LAYERS. has which",
                       (long long)bad, ids.count);
    return 0;
}
