/* SPDX-License-Identifier: MIT */
#include "guest/runner.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/channel_ops.h"
#include "guest/shell.h"
#include "util/files.h"

#define HEADERS_MAX 64
#define NOTES_MAX 65536

/* --- the file on the host --- */

static bool find_note(const unsigned char *notes, size_t size, char id[AQ_BUILD_ID_TEXT])
{
    Elf64_Nhdr header;
    while (size >= sizeof header) {
        memcpy(&header, notes, sizeof header);
        size_t name_size = ((size_t)header.n_namesz + 3) & ~(size_t)3;
        size_t whole = sizeof header + name_size + (((size_t)header.n_descsz + 3) & ~(size_t)3);
        if (whole > size)
            return false;
        const unsigned char *bytes = notes + sizeof header + name_size;
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && header.n_descsz <= 32 &&
            memcmp(notes + sizeof header, "GNU", 4) == 0) {
            for (unsigned i = 0; i < header.n_descsz; i++)
                snprintf(id + (size_t)2 * i, 3, "%02x", bytes[i]);
            return header.n_descsz > 0;
        }
        notes += whole;
        size -= whole;
    }
    return false;
}

static int read_build_id(int fd, char id[AQ_BUILD_ID_TEXT], struct aq_error *err)
{
    Elf64_Ehdr file;
    if (aq_read_all_at(fd, &file, sizeof file, 0, err) < 0)
        return -1;
    if (memcmp(file.e_ident, ELFMAG, SELFMAG) != 0 || file.e_ident[EI_CLASS] != ELFCLASS64 ||
        file.e_phentsize != sizeof(Elf64_Phdr))
        return 0;
    for (unsigned i = 0; i < file.e_phnum && i < HEADERS_MAX; i++) {
        Elf64_Phdr segment;
        if (aq_read_all_at(fd, &segment, sizeof segment, (off_t)(file.e_phoff + i * sizeof segment), err) < 0)
            return -1;
        if (segment.p_type != PT_NOTE || segment.p_filesz > NOTES_MAX)
            continue;
        aq_autofree unsigned char *notes = aq_alloc(segment.p_filesz + 1);
        if (aq_read_all_at(fd, notes, segment.p_filesz, (off_t)segment.p_offset, err) < 0)
            return -1;
        if (find_note(notes, segment.p_filesz, id))
            return 1;
    }
    return 0;
}

int aq_guest_runner_build_id(const char *path, char id[AQ_BUILD_ID_TEXT], struct aq_error *err)
{
    struct aq_error reason = {0};
    aq_autoclose int fd = aq_open_input(path, &reason);
    if (fd < 0)
        return aq_fail(err, AQ_E_GUEST_RUNNER_MISSING, "the program for guests cannot be opened: %s",
                       reason.text);
    if (read_build_id(fd, id, &reason) <= 0)
        return aq_fail(err, AQ_E_GUEST_RUNNER_MISSING, "%s is not a program with a build-id", path);
    return 0;
}

/* --- the guest --- */

/* Is the program at `path` in the guest this version, and does it run? */
static int has_version(struct aq_channel *channel, const char *path, const char *id, aq_deadline deadline,
                       struct aq_error *err)
{
    struct aq_error own = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const char *const argv[] = {path, "--version", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = 4096};
    if (aq_channel_exec(channel, &exec, &exit, &own) == 0)
        return exit.exit_code == 0 && strstr(aq_buffer_text(&exit.output), id) != NULL;
    if (own.code == AQ_E_GUEST_FILE_NOT_FOUND || own.code == AQ_E_GUEST_REFUSED)
        return 0;
    *err = own;
    return -1;
}

/* Where it may be, or be put, in this order; NULL at the end. */
static void list_places(const struct aq_channel *channel, const char *places[4])
{
    const char *served = aq_channel_runner_path(channel);
    unsigned count = 0;
    if (served[0] == '/' && strlen(served) < sizeof(((struct aq_guest_runner *)NULL)->path))
        places[count++] = served;
    if (strcmp(served, AQ_GUEST_RUNNER_PATH) != 0)
        places[count++] = AQ_GUEST_RUNNER_PATH;
    if (strcmp(served, AQ_GUEST_RUNNER_FALLBACK) != 0)
        places[count++] = AQ_GUEST_RUNNER_FALLBACK;
    places[count] = NULL;
}

static int find_runner(struct aq_channel *channel, const char *const *places, const char *id,
                       aq_deadline deadline, struct aq_guest_runner *runner, struct aq_error *err)
{
    for (; *places != NULL; places++) {
        int found = has_version(channel, *places, id, deadline, err);
        if (found > 0)
            snprintf(runner->path, sizeof runner->path, "%s", *places);
        if (found != 0)
            return found;
    }
    return 0;
}

/* Puts it into the first place that takes it and where it runs. */
static int push_runner(struct aq_channel *channel, const char *const *places, const char *file,
                       const char *id, aq_deadline deadline, struct aq_guest_runner *runner,
                       struct aq_error *err)
{
    struct aq_error last = {0};
    aq_autoclose int fd = aq_open_input(file, err);
    if (fd < 0)
        return -1;
    for (; *places != NULL; places++) {
        const struct aq_guest_put put = {
            .fd = fd, .path = *places, .mode = 0755, .make_folders = true, .deadline = deadline};
        last = (struct aq_error){0};
        if (aq_channel_put(channel, &put, &last) == 0) {
            runner->pushed = true;
            snprintf(runner->path, sizeof runner->path, "%s", *places);
            int runs = has_version(channel, *places, id, deadline, err);
            if (runs != 0)
                return runs < 0 ? -1 : 0;
            aq_fail(&last, AQ_E_GUEST_REFUSED, "in the guest: %s does not run there", *places);
        }
        if (last.code != AQ_E_GUEST_REFUSED && last.code != AQ_E_GUEST_FILE_NOT_FOUND)
            break;
    }
    *err = last;
    return -1;
}

/* A convenience: that it fails (a read-only /usr) is no failure. A file or a link that is not ours stays. */
static int link_runner(struct aq_channel *channel, const char *path, aq_deadline deadline,
                       struct aq_error *err)
{
    static const char script[] =
        "l=" AQ_GUEST_RUNNER_LINK "\n"
        "if [ -L $l ]; then case $(readlink $l) in */address-qemu/rexx-guest) ;; *) exit;; esac\n"
        "elif [ -e $l ]; then exit\n"
        "fi\n"
        "mkdir -p \"${l%/*}\" && ln -sf \"$1\" $l\n";
    const char *const arguments[] = {path, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    return aq_guest_shell(channel, script, arguments, deadline, &exit, err);
}

int aq_guest_ensure_runner(struct aq_channel *channel, const char *runner_path, aq_deadline deadline,
                           struct aq_guest_runner *runner, struct aq_error *err)
{
    char id[AQ_BUILD_ID_TEXT];
    const char *places[4];
    *runner = (struct aq_guest_runner){0};
    if (aq_guest_runner_build_id(runner_path, id, err) < 0 || aq_channel_ready(channel, deadline, err) < 0)
        return -1;
    list_places(channel, places);
    if (strcmp(aq_channel_build_id(channel), id) == 0) {
        snprintf(runner->path, sizeof runner->path, "%s", places[0]);
        return 0;
    }
    char served[sizeof runner->path];
    snprintf(served, sizeof served, "%s", aq_channel_runner_path(channel));
    int found = find_runner(channel, places, id, deadline, runner, err);
    if (found == 0 && push_runner(channel, places, runner_path, id, deadline, runner, err) == 0)
        found = 1;
    if (found <= 0 || link_runner(channel, runner->path, deadline, err) < 0)
        return -1;
    if (strcmp(served, runner->path) != 0)
        return 0;
    channel->ops->leave(channel); /* its server makes way for the new file at the next HELLO */
    return aq_channel_ready(channel, deadline, err);
}

int aq_guest_install_helper(struct aq_channel *agent, const char *runner_path, aq_deadline deadline,
                            struct aq_error *err)
{
    /* Under systemd it gets a unit of its own: in the agent's it would die with the agent. */
    static const char script[] =
        "[ -d /run/systemd/system ] && systemd-run --quiet --collect --unit=address-qemu-helper"
        " \"$1\" --serve 2>/dev/null && exit\n"
        "exec \"$1\" --serve --daemon\n";
    struct aq_guest_runner runner;
    const char *const arguments[] = {runner.path, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_guest_ensure_runner(agent, runner_path, deadline, &runner, err) < 0 ||
        aq_guest_shell(agent, script, arguments, deadline, &exit, err) < 0)
        return -1;
    if (exit.exit_code == 0)
        return 0;
    char text[256];
    return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s --serve ended with %d: %s", runner.path,
                   exit.exit_code,
                   aq_guest_printable(aq_buffer_text(&exit.errors), exit.errors.length, text));
}
