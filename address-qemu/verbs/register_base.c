/* SPDX-License-Identifier: MIT */
#include "util/size.h"
#include "verbs/base_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .aliases = "base", .meaning = "what clones will call it"},
    {"disk", AQ_TYPE_PATH, .source = AQ_SOURCE_DISK, .required = true, .aliases = "image path",
     .meaning = "a qcow2 file of this host"},
    AQ_BASE_PARAMS,
    {"copy", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "keep a private copy in the store, which nobody can change"},
    {"digest", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "note the disk's SHA-256 as well"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_BASE_FIELDS, {"UNCHANGED", "1 when the very same was registered before"}, {NULL}};

const struct aq_verb aq_verb_register_base = {
    .name = "register_base",
    .group = "Bases",
    .summary = "Make a disk image known as a base for clones",
    .details =
        "The image is judged before any tool of QEMU sees it. Refused are images that are not qcow2, are cut "
        "short, "
        "marked corrupt, encrypted or in use, and those that name another file (a backing file or an "
        "external data "
        "file): such a name could make QEMU read any file of the host. From then on the disk must stay as it "
        "is: "
        "when its identity, size or time of change differ, clones are neither made nor started. Registering "
        "the same again changes nothing.",
    .params = params,
    .sets = sets,
    .example = "register_base name=debian disk=/srv/images/debian-12.qcow2 memory=1G copy=true",
    .run = run,
};

static const char *outcome_text(enum aq_base_outcome outcome)
{
    switch (outcome) {
    case AQ_BASE_UNCHANGED:
        return "was registered already";
    case AQ_BASE_UPDATED:
        return "has new settings";
    case AQ_BASE_REPLACED:
        return "is registered in the place of the one before";
    default:
        return "is registered";
    }
}

static int run(struct aq_call *call, struct aq_error *err)
{
    struct aq_base_request request = aq_base_request_of(call);
    request.disk = aq_arg_text(call, "disk");
    request.copy = aq_arg_bool(call, "copy");
    request.digest = aq_arg_bool(call, "digest");
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    char size[AQ_SIZE_TEXT];
    if (aq_base_register(&request, &base, &outcome, err) < 0)
        return -1;
    aq_set_base_fields(call->result, &base);
    aq_result_set_bool(call->result, "UNCHANGED", outcome == AQ_BASE_UNCHANGED);
    aq_result_say(call->result, "base %s %s: %s (%s)", base.name, outcome_text(outcome), base.path,
                  aq_size_text(base.virtual_size, size));
    return 0;
}
