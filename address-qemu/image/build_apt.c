/* SPDX-License-Identifier: MIT */
#include "image/build_apt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/stage.h"

/* The archive's lists are fetched anew after this; an offline machine goes on with those that it has. */
#define LISTS_FRESH_SECONDS (12L * 3600)

#define SOURCES "sources.list"
#define STATUS "status"
#define UPDATED "updated" /* its time is that of the last update */
#define ARCHIVES "archives"

void aq_apt_close(struct aq_apt *apt)
{
    free(apt->path);
    if (apt->folder >= 0)
        close(apt->folder);
    if (apt->parent >= 0)
        close(apt->parent);
}

static int make_folders(int folder, struct aq_error *err)
{
    static const char *const names[] = {"lists", ARCHIVES};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        aq_autoclose int made = aq_open_private_dir_at(folder, names[i], err);
        if (made < 0)
            return -1;
        aq_autoclose int partial = aq_open_private_dir_at(made, "partial", err);
        if (partial < 0)
            return -1;
    }
    return 0;
}

/* Different sources need lists of their own: the mark of the last update goes. */
static int write_sources(const struct aq_build_job *job, const struct aq_apt *apt, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer wanted = {0};
    aq_autobuffer struct aq_buffer present = {0};
    struct aq_error ignored = {0};
    if (aq_apt_sources(job, &wanted, err) < 0)
        return -1;
    if (aq_read_file_at(apt->folder, SOURCES, 65536, &present, &ignored) == 0 &&
        strcmp(aq_buffer_text(&wanted), aq_buffer_text(&present)) == 0)
        return 0;
    unlinkat(apt->folder, UPDATED, 0);
    return aq_replace_file_at(apt->folder, SOURCES, wanted.data, wanted.length, err);
}

/* Other builds of the suite go first. */
static int lock_cache(const struct aq_build_job *job, struct aq_apt *apt, const char *name,
                      struct aq_error *err)
{
    int result = aq_folder_lock(apt->parent, name, AQ_LOCK_EXCLUSIVE, 0, &apt->folder, err);
    if (result == AQ_LOCK_BUSY) {
        aq_job_say(job, "waiting for another build that is at work with the packages of %s",
                   job->build->suite);
        result = aq_folder_lock(apt->parent, name, AQ_LOCK_EXCLUSIVE, AQ_JOB_LIMIT_MS, &apt->folder, err);
    }
    if (result == AQ_LOCK_BUSY)
        return aq_fail(err, AQ_E_TIMEOUT, "another build has been at work in %s/%s for an hour",
                       job->build->cache_path, name);
    if (result == AQ_LOCK_ABSENT)
        return aq_fail(err, AQ_E_IO, "the cache %s/%s vanished", job->build->cache_path, name);
    return result == AQ_LOCK_HELD ? 0 : -1;
}

int aq_apt_open(const struct aq_build_job *job, struct aq_apt *apt, struct aq_error *err)
{
    aq_autofree char *name = aq_format("apt-%s", job->build->suite);
    apt->parent = aq_open_private_dir(job->build->cache_path, err);
    if (apt->parent < 0)
        return -1;
    aq_autoclose int folder = aq_open_private_dir_at(apt->parent, name, err);
    if (folder < 0 || make_folders(folder, err) < 0)
        return -1;
    if (lock_cache(job, apt, name, err) < 0)
        return -1;
    apt->path = aq_path_at(apt->parent, name);
    return write_sources(job, apt, err);
}

/* apt-get with everything of its own in the cache. */
static void apt_command(const struct aq_apt *apt, struct aq_strings *argv)
{
    aq_strings_add(argv, "apt-get");
    aq_strings_add(argv, "-y");
    aq_strings_format(argv, "-oDir::Etc::SourceList=%s/" SOURCES, apt->path);
    aq_strings_add(argv, "-oDir::Etc::SourceParts=/dev/null");
    aq_strings_add(argv, "-oDir::Etc::Preferences=/dev/null");
    aq_strings_add(argv, "-oDir::Etc::PreferencesParts=/dev/null");
    aq_strings_format(argv, "-oDir::State=%s", apt->path);
    aq_strings_format(argv, "-oDir::State::Lists=%s/lists", apt->path);
    aq_strings_format(argv, "-oDir::State::Status=%s/" STATUS, apt->path);
    aq_strings_format(argv, "-oDir::Cache=%s", apt->path);
    aq_strings_format(argv, "-oDir::Cache::Archives=%s/" ARCHIVES, apt->path);
    aq_strings_add(argv, "-oDir::Cache::pkgcache=pkgcache.bin");
    aq_strings_add(argv, "-oDir::Cache::srcpkgcache=srcpkgcache.bin");
    aq_strings_add(argv, "-oAPT::Architecture=amd64");
    aq_strings_add(argv, "-oAPT::Architectures=amd64");
    aq_strings_add(argv, "-oAPT::Install-Recommends=false");
    aq_strings_add(argv, "-oAPT::Sandbox::User=root");     /* its own user cannot get into a private folder */
    aq_strings_add(argv, "-oAPT::Update::Error-Mode=any"); /* a list that could not be fetched is a failure */
    aq_strings_add(argv, "-oAcquire::Languages=none");
    aq_strings_add(argv, "-oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false");
}

static int run_apt(const struct aq_build_job *job, const struct aq_apt *apt, const struct aq_strings *words,
                   struct aq_process_result *result, struct aq_error *err)
{
    aq_autostrings struct aq_strings argv = {0};
    apt_command(apt, &argv);
    for (size_t i = 0; i < words->count; i++)
        aq_strings_add(&argv, words->items[i]);
    return aq_job_run(job, (const char *const *)argv.items, 0, result, err);
}

static bool lists_are_fresh(const struct aq_apt *apt)
{
    struct stat mark;
    return fstatat(apt->folder, UPDATED, &mark, 0) == 0 && mark.st_mtime <= time(NULL) &&
           time(NULL) - mark.st_mtime < LISTS_FRESH_SECONDS;
}

/* Fetches the lists. Offline, those of last time have to do. */
static int update_lists(const struct aq_build_job *job, const struct aq_apt *apt, struct aq_error *err)
{
    aq_autostrings struct aq_strings words = {0};
    aq_strings_add(&words, "update");
    aq_job_say(job, "fetching Debian's package lists (%s)", job->build->suite);
    struct aq_error failure = {0};
    if (run_apt(job, apt, &words, NULL, &failure) == 0)
        return aq_replace_file_at(apt->folder, UPDATED, "", 0, err);
    if (failure.code != AQ_E_TOOL_FAILED || faccessat(apt->folder, UPDATED, F_OK, 0) < 0)
        return aq_fail(err, failure.code, "%s", failure.text);
    aq_job_say(job, "going on with the package lists of an earlier build");
    return 0;
}

/* What apt takes for the packages that are installed: one, which stands for all that is not wanted. */
static int write_status(const struct aq_apt *apt, const char *provided, struct aq_error *err)
{
    aq_autofree char *status = aq_format("Package: address-qemu-image\n"
                                         "Status: install ok installed\n"
                                         "Maintainer: address-qemu\n"
                                         "Architecture: amd64\n"
                                         "Version: 1\n"
                                         "Provides: %s\n"
                                         "Description: what an image has by other means\n\n",
                                         provided);
    return aq_replace_file_at(apt->folder, STATUS, status, strlen(status), err);
}

/* A colon of a version is %3a in a file's name. */
static char *file_name(const char *name, const char *version, const char *architecture)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_buffer_format(&text, "%s_", name);
    for (; *version != '\0'; version++) {
        if (*version == ':')
            aq_buffer_add_text(&text, "%3a");
        else
            aq_buffer_add_char(&text, *version);
    }
    aq_buffer_format(&text, "_%s.deb", architecture);
    return aq_steal_ptr(&text.data);
}

void aq_apt_simulated_files(const char *output, struct aq_strings *names)
{
    aq_autofree char *text = aq_strdup(output);
    char *rest = text;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char name[256];
        char version[256];
        char architecture[32];
        const char *bracket = strstr(line, "])"); /* some lines go on with another pair of brackets */
        while (bracket != NULL && bracket > line && *bracket != '[')
            bracket--;
        if (bracket == NULL || sscanf(line, "Inst %255s (%255[^ )]", name, version) != 2 ||
            sscanf(bracket, "[%31[^]]", architecture) != 1)
            continue;
        aq_autofree char *file = file_name(name, version, architecture);
        aq_strings_add(names, file);
    }
}

/* Which files the packages are, by apt's own resolver. */
static int resolve(const struct aq_build_job *job, const struct aq_apt *apt,
                   const struct aq_strings *packages, struct aq_strings *names, struct aq_error *err)
{
    aq_autostrings struct aq_strings words = {0};
    aq_strings_add(&words, "--simulate");
    aq_strings_add(&words, "install");
    for (size_t i = 0; i < packages->count; i++)
        aq_strings_add(&words, packages->items[i]);
    struct aq_process_result result = {0};
    if (run_apt(job, apt, &words, &result, err) < 0)
        return -1;
    aq_apt_simulated_files(aq_buffer_text(&result.output), names);
    aq_process_result_free(&result);
    return 0;
}

static int download(const struct aq_build_job *job, const struct aq_apt *apt,
                    const struct aq_strings *packages, struct aq_error *err)
{
    aq_autostrings struct aq_strings words = {0};
    aq_strings_add(&words, "--download-only");
    aq_strings_add(&words, "install");
    for (size_t i = 0; i < packages->count; i++)
        aq_strings_add(&words, packages->items[i]);
    aq_job_say(job, "downloading packages");
    return run_apt(job, apt, &words, NULL, err);
}

/* Adds the files' paths; the name of the first that is not in the cache, or NULL. */
static const char *find_files(const struct aq_apt *apt, const struct aq_strings *names,
                              struct aq_strings *files)
{
    for (size_t i = 0; i < names->count; i++) {
        aq_autofree char *path = aq_format("%s/" ARCHIVES "/%s", apt->path, names->items[i]);
        if (access(path, R_OK) < 0)
            return names->items[i];
        aq_strings_add(files, path);
    }
    return NULL;
}

static int get_once(const struct aq_build_job *job, const struct aq_apt *apt,
                    const struct aq_strings *packages, struct aq_strings *files, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autostrings struct aq_strings found = {0};
    if (resolve(job, apt, packages, &names, err) < 0)
        return -1;
    if (find_files(apt, &names, &found) != NULL && download(job, apt, packages, err) < 0)
        return -1;
    const char *missing = find_files(apt, &names, files);
    if (missing != NULL)
        return aq_fail(err, AQ_E_TOOL_FAILED, "apt-get did not bring the package %s", missing);
    return 0;
}

int aq_apt_get(const struct aq_build_job *job, const struct aq_apt *apt, const char *provided,
               const struct aq_strings *packages, struct aq_strings *files, struct aq_error *err)
{
    if (write_status(apt, provided, err) < 0)
        return -1;
    bool fresh = lists_are_fresh(apt);
    if (!fresh && update_lists(job, apt, err) < 0)
        return -1;
    struct aq_error failure = {0};
    if (get_once(job, apt, packages, files, &failure) == 0)
        return 0;
    /* Lists of some hours ago may name files that the archive has replaced since. */
    if (!fresh || failure.code != AQ_E_TOOL_FAILED)
        return aq_fail(err, failure.code, "%s", failure.text);
    if (update_lists(job, apt, err) < 0)
        return -1;
    return get_once(job, apt, packages, files, err);
}
