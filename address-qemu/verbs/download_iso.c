/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/size.h"
#include "util/url.h"
#include "verbs/download_progress.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"url", AQ_TYPE_URL, .source = AQ_SOURCE_DISK, .required = true, .meaning = "what to download"},
    {"destination", AQ_TYPE_PATH, .fallback = ".", .aliases = "path",
     .meaning = "the file to make, or the folder for one of the name that the URL ends with"},
    {"checksum", AQ_TYPE_CHECKSUM, .meaning = "what it has to have; without it, whatever comes is taken"},
    {"os_type", AQ_TYPE_TEXT, .meaning = "what it holds, for humans"},
    {"overwrite", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "in the place of a file that is there"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "60s", .min = 1, .meaning = "how long nothing may come"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"PATH", "the file's absolute path"},
    {"URL", "where it is from, without password and query"},
    {"SIZE", "in bytes"},
    {"SHA256", "its digest, whether a checksum was given or not"},
    {"VERIFIED", "1 when a checksum was given"},
    {"SKIPPED", "1 when a file with that checksum was there already"},
    {"OS", "what it was said to hold"},
    {NULL},
};

const struct aq_verb aq_verb_download_iso = {
    .name = "download_iso",
    .aliases = "download",
    .group = "Host",
    .summary = "Download an installation medium, or any file",
    .details = "It appears under its name whole and verified, or not at all. A broken connection is tried "
               "again and gone on "
               "from; so is, by the same command, what an earlier one did not finish. TLS is always "
               "verified, with the "
               "system's authorities or those of `SSL_CERT_FILE`; proxies are those of the environment, "
               "passwords those of "
               "`~/.netrc`. Where the checksum is given and a file with it is there, nothing is downloaded.",
    .params = params,
    .sets = sets,
    .example = "download_iso url=https://example.org/debian.iso destination=/srv/isos/ checksum=sha256:…",
    .run = run,
};

/* Where the file goes. */
struct target {
    int folder;
    char *name;
};

static void target_free(struct target *target)
{
    aq_cleanup_close(&target->folder);
    free(target->name);
}

static bool is_folder(const char *path)
{
    struct stat found;
    return path[strlen(path) - 1] == '/' || (stat(path, &found) == 0 && S_ISDIR(found.st_mode));
}

static int open_target(const struct aq_call *call, struct target *target, struct aq_error *err)
{
    const char *destination = aq_arg_text(call, "destination");
    const char *slash = strrchr(destination, '/');
    bool folder = is_folder(destination);
    aq_autofree char *path = folder          ? aq_strdup(destination)
                             : slash != NULL ? aq_strndup(destination, (size_t)(slash + 1 - destination))
                                             : aq_strdup(".");
    target->name = folder ? aq_url_file_name(aq_arg_text(call, "url"))
                          : aq_strdup(slash != NULL ? slash + 1 : destination);
    if (target->name == NULL)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the URL ends with no name for the file; say one: destination=%s/NAME", destination);
    target->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return target->folder >= 0 ? 0
           : errno == ENOENT   ? aq_fail(err, AQ_E_FILE_NOT_FOUND, "there is no folder %s", path)
                             : aq_fail_errno(err, AQ_E_UNREADABLE, errno, "cannot open the folder %s", path);
}

/* What is there already: 1 it is what is wanted, 0 there is nothing or it may go, -1. */
static int judge_existing(const struct aq_call *call, const struct target *target, struct aq_error *err)
{
    char digest[AQ_SHA256_TEXT];
    struct stat found;
    const char *wanted = aq_arg_text(call, "checksum");
    aq_autofree char *path = aq_path_at(target->folder, target->name);
    if (fstatat(target->folder, target->name, &found, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (wanted != NULL && S_ISREG(found.st_mode)) {
        aq_autoclose int fd = aq_open_beneath(target->folder, target->name, O_RDONLY, err);
        if (fd < 0 || aq_sha256_file(fd, path, digest, err) < 0)
            return -1;
        if (strcmp(digest, wanted) == 0)
            return 1;
    }
    if (S_ISREG(found.st_mode) && aq_arg_bool(call, "overwrite"))
        return 0;
    return aq_fail(err, AQ_E_FILE_EXISTS, "there is %s already%s; say overwrite=true, or another destination",
                   path, wanted != NULL ? ", and it has another checksum" : "");
}

static int fetch(const struct aq_call *call, const struct target *target, char sha256[AQ_SHA256_TEXT],
                 struct aq_error *err)
{
    struct aq_call_progress progress;
    const struct aq_download download = {
        .url = aq_arg_text(call, "url"),
        .sha256 = aq_arg_text(call, "checksum"),
        .allow_file = true,
        .timeout_ms = aq_arg_number(call, "timeout"),
        .progress = aq_call_progress_start(&progress, call),
    };
    return aq_download_to(&download, target->folder, target->name, sha256, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    struct stat file;
    char sha256[AQ_SHA256_TEXT], size[AQ_SIZE_TEXT];
    aq_cleanup(target_free) struct target target = {.folder = -1};
    const char *checksum = aq_arg_text(call, "checksum");
    if (open_target(call, &target, err) < 0)
        return -1;
    int there = judge_existing(call, &target, err);
    if (there < 0 || (there == 0 && fetch(call, &target, sha256, err) < 0))
        return -1;
    aq_autofree char *path = aq_path_at(target.folder, target.name);
    if (fstatat(target.folder, target.name, &file, 0) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at %s", path);
    aq_autofree char *url = aq_url_text(aq_arg_text(call, "url"));
    aq_result_set_text(call->result, "PATH", path);
    aq_result_set_text(call->result, "URL", url);
    aq_result_set_int(call->result, "SIZE", file.st_size);
    aq_result_set_text(call->result, "SHA256", there ? checksum : sha256);
    aq_result_set_bool(call->result, "VERIFIED", checksum != NULL);
    aq_result_set_bool(call->result, "SKIPPED", there > 0);
    aq_result_set_text(call->result, "OS", aq_arg_text(call, "os_type"));
    aq_result_say(call->result, there ? "%s (%s) is there already" : "%s (%s) is downloaded", path,
                  aq_size_text((uint64_t)file.st_size, size));
    return 0;
}
