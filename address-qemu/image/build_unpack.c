/* SPDX-License-Identifier: MIT */
/*
 * tar itself looks after links and files of one archive (it makes links that lead out last), but not after a
 * link that an earlier one has left: a file below it would go to a folder of this machine. So where each file
 * would go is resolved before anything is unpacked.
 */
#include "image/build_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/syscalls.h"

#define LISTING "package.list"

/* Undoes tar's --quoting-style=escape in place. */
static void unescape(char *name)
{
    static const char letters[] = "abfnrtv", meant[] = "\a\b\f\n\r\t\v";
    char *to = name;
    for (const char *from = name; *from != '\0'; to++) {
        if (*from != '\\' || from[1] == '\0') {
            *to = *from++;
            continue;
        }
        const char *letter = strchr(letters, *++from);
        if (*from < '0' || *from > '7') {
            *to = letter != NULL ? meant[letter - letters] : *from;
            from++;
            continue;
        }
        unsigned value = 0;
        for (int digits = 0; digits < 3 && *from >= '0' && *from <= '7'; digits++)
            value = value * 8 + (unsigned)(*from++ - '0');
        *to = (char)value;
    }
    *to = '\0';
}

/* Does the folder that the file goes into lie in the tree, as far as it is there already? */
static int judge_folder(int tree, const char *folder, const char *package, struct aq_error *err)
{
    const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    aq_autoclose int fd = aq_sys_openat2(tree, folder, &how);
    if (fd >= 0 || errno == ENOENT || errno == ENOTDIR)
        return 0;
    if (errno == EXDEV || errno == ELOOP)
        return aq_fail(err, AQ_E_FILE_LINK,
                       "%s has files in /%s, which a link of another package leads out of the image",
                       strrchr(package, '/') + 1, folder);
    return aq_fail_errno(err, AQ_E_IO, errno, "cannot tell where /%s of %s goes%s", folder, package,
                         errno == ENOSYS ? " (this takes Linux 5.6)" : "");
}

/* The part of a member's name that tar takes for folders: all of a folder's own. */
static const char *folder_of(char *member)
{
    char *slash = strrchr(member, '/');
    if (slash == NULL)
        return "";
    *slash = '\0';
    while (*member == '/' || (member[0] == '.' && (member[1] == '/' || member[1] == '\0')))
        member++;
    return member;
}

static int judge_listing(int work, int tree, const char *package, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(work, LISTING);
    aq_autofree char *last = aq_strdup("");
    char *line = NULL;
    size_t room = 0;
    FILE *listing = fopen(path, "re");
    if (listing == NULL)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", path);
    int done = 0;
    for (ssize_t length; done == 0 && (length = getline(&line, &room, listing)) > 0;) {
        line[length - 1] = '\0';
        unescape(line);
        const char *folder = folder_of(line);
        if (folder[0] == '\0' || strcmp(folder, last) == 0)
            continue;
        done = judge_folder(tree, folder, package, err);
        free(last);
        last = aq_strdup(folder);
    }
    free(line);
    fclose(listing);
    return done;
}

/* Runs a tool with its output in a new file of the work folder. */
static int run_into(const struct aq_build_job *job, const char *file, const char *const *argv,
                    struct aq_error *err)
{
    unlinkat(job->work, file, 0);
    aq_autoclose int output = openat(job->work, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (output < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make the file %s of a build", file);
    return aq_job_run(job, argv, output, NULL, err);
}

int aq_build_unpack(const struct aq_build_job *job, const char *package, const char *tree,
                    const char *const *left_out, struct aq_error *err)
{
    static const char *const list[] = {"tar", "-t", "--quoting-style=escape", "-f", AQ_JOB_PACKAGE, NULL};
    const char *const contents[] = {"dpkg-deb", "--fsys-tarfile", package, NULL};
    aq_autoclose int folder = openat(job->work, tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder %s of a build", tree);
    if (run_into(job, AQ_JOB_PACKAGE, contents, err) < 0 || run_into(job, LISTING, list, err) < 0 ||
        judge_listing(job->work, folder, package, err) < 0)
        return -1;
    const char *argv[32] = {"tar", "-x", "-p", "-f", AQ_JOB_PACKAGE, "-C", tree, "--keep-directory-symlink"};
    size_t count = 8;
    for (; left_out != NULL && *left_out != NULL; left_out++)
        argv[count++] = *left_out;
    return aq_job_run(job, argv, 0, NULL, err);
}
