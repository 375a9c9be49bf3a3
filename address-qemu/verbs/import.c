/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "util/json.h"
#include "util/size.h"
#include "util/url.h"
#include "verbs/base_fields.h"
#include "verbs/download_progress.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .aliases = "base", .meaning = "what clones will call it"},
    {"url", AQ_TYPE_URL, .source = AQ_SOURCE_DISK, .meaning = "a qcow2 image to download"},
    {"file", AQ_TYPE_PATH, .source = AQ_SOURCE_DISK, .aliases = "disk path",
     .meaning = "a qcow2 image of this host, instead of `url`"},
    {"checksum", AQ_TYPE_CHECKSUM,
     .meaning = "what the image has to have; without it, whatever comes is taken"},
    AQ_BASE_PARAMS,
    {"timeout", AQ_TYPE_DURATION, .fallback = "60s", .min = 1, .meaning = "how long nothing may come"},
    {NULL},
};

static const struct aq_field sets[] = {AQ_BASE_FIELDS,
                                       {"VERIFIED", "1 when a checksum was given"},
                                       {"UNCHANGED", "1 when it was there already, with that checksum"},
                                       {NULL}};

const struct aq_verb aq_verb_import = {
    .name = "import",
    .group = "Bases",
    .summary = "Make a base of an image from elsewhere, downloaded or copied into the store",
    .details = "The image is judged as `register_base` does it, before any tool of QEMU sees it; whatever "
               "names another file "
               "is refused. Its SHA-256 is noted in any case. A download is as that of `download_iso`: "
               "verified, resumed, by a "
               "later command too.",
    .params = params,
    .sets = sets,
    .example = "import name=debian url=https://example.org/debian-12.qcow2 checksum=sha256:…",
    .run = run,
};

/* Downloads the image and puts it into the stage as the base's disk. */
static int download(const struct aq_call *call, const struct aq_stage *stage, struct aq_error *err)
{
    char name[AQ_SHA256_TEXT], sha256[AQ_SHA256_TEXT];
    struct aq_call_progress progress;
    const char *url = aq_arg_text(call, "url");
    aq_autoclose int folder = aq_download_folder(AQ_DOWNLOADS_IMPORT, err);
    const struct aq_download wanted = {
        .url = url,
        .sha256 = aq_arg_text(call, "checksum"),
        .allow_file = true,
        .timeout_ms = aq_arg_number(call, "timeout"),
        .progress = aq_call_progress_start(&progress, call),
    };
    if (folder < 0 || aq_sha256(url, strlen(url), name, err) < 0 ||
        aq_download_to(&wanted, folder, name, sha256, err) < 0)
        return -1;
    if (renameat(folder, name, stage->folder, AQ_BASE_DISK) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep what was downloaded");
    return 0;
}

static int import_url(const struct aq_call *call, struct aq_base *base, enum aq_base_outcome *outcome,
                      struct aq_error *err)
{
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    aq_autofree char *url = aq_url_text(aq_arg_text(call, "url"));
    struct aq_base_request request = aq_base_request_of(call);
    request.digest = true;
    if (aq_base_name_check(call, err) < 0 || aq_base_stage(request.name, &stage, &folder, err) < 0 ||
        download(call, &stage, err) < 0)
        return -1;
    return aq_base_publish(&stage, &request, json_pack("{s:s}", "url", url), NULL, base, outcome, err) < 0
               ? aq_error_context(err, "the image from %s", url)
               : 0;
}

static int import_file(const struct aq_call *call, struct aq_base *base, enum aq_base_outcome *outcome,
                       struct aq_error *err)
{
    struct aq_base_request request = aq_base_request_of(call);
    request.disk = aq_arg_text(call, "file");
    request.copy = true;
    request.digest = true;
    request.sha256 = aq_arg_text(call, "checksum");
    return aq_base_register(&request, base, outcome, err);
}

/* Is the very image there under that name already? Only a checksum can tell before it is fetched. */
static bool is_there(const struct aq_call *call, struct aq_base *base)
{
    struct aq_error none = {0};
    const char *checksum = aq_arg_text(call, "checksum");
    if (checksum != NULL && aq_base_load(aq_arg_text(call, "name"), base, &none) == 0 &&
        strcmp(base->sha256, checksum) == 0 && aq_base_check(base, &none) == 0)
        return true;
    aq_base_free(base);
    return false;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome = AQ_BASE_UNCHANGED;
    char size[AQ_SIZE_TEXT];
    bool from_url = aq_arg_given(call, "url");
    if (from_url == aq_arg_given(call, "file"))
        return aq_fail(err, AQ_E_KEY_MISSING, "import takes an image from exactly one of url= and file=");
    if (!is_there(call, &base) &&
        (from_url ? import_url(call, &base, &outcome, err) : import_file(call, &base, &outcome, err)) < 0)
        return -1;
    bool unchanged = outcome == AQ_BASE_UNCHANGED;
    aq_set_base_fields(call->result, &base);
    aq_result_set_bool(call->result, "VERIFIED", aq_arg_given(call, "checksum"));
    aq_result_set_bool(call->result, "UNCHANGED", unchanged);
    aq_result_say(call->result, "base %s %s: %s (%s)", base.name,
                  unchanged ? "was imported already" : "is imported", base.path,
                  aq_size_text(base.virtual_size, size));
    return 0;
}
