/* SPDX-License-Identifier: MIT */
/* The asking side of keepers: is there one, start one, tell it to look or to end. */
#include "util/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/stage.h"

enum {
    GATE_WAIT_MS = 60000,
    COMES_UP_MS = 60000,
    GOES_MS = 10000,
    RUN_MAX = 4096,
    LOG_MAX = 1 << 20,
};

static int open_gate(const char *kind, int *gate, struct aq_error *err)
{
    aq_autoclose int keepers = aq_open_home_dir("keepers", err);
    aq_autoclose int folder = keepers >= 0 ? aq_open_private_dir_at(keepers, kind, err) : -1;
    if (folder < 0)
        return -1;
    switch (aq_folder_lock(keepers, kind, AQ_LOCK_EXCLUSIVE, GATE_WAIT_MS, gate, err)) {
    case AQ_LOCK_HELD:
        return 0;
    case AQ_LOCK_ABSENT:
        return aq_fail(err, AQ_E_IO, "the folder of the keeper %s was removed just now", kind);
    case AQ_LOCK_BUSY:
        return aq_fail(err, AQ_E_TIMEOUT,
                       "another process has been busy with the keeper %s for over a minute", kind);
    default:
        return -1;
    }
}

int aq_keeper_folder(const char *kind, struct aq_error *err)
{
    aq_autoclose int keepers = aq_open_home_dir("keepers", err);
    return keepers >= 0 ? aq_open_private_dir_at(keepers, kind, err) : -1;
}

/* Does somebody hold the lock? 1, 0, -1. Asked without taking it even for a moment: a keeper that tries just
   then would believe that another one lives. */
static int is_held(int folder, struct aq_error *err)
{
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    aq_autoclose int lock = openat(folder, AQ_KEEPER_LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (lock < 0 && errno == ENOENT)
        return 0;
    if (lock < 0 || fcntl(lock, F_OFD_GETLK, &wanted) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot ask for a keeper's lock");
    return wanted.l_type != F_UNLCK;
}

/* What run.json says of a process that is alive; false when there is nothing to be believed. */
static bool read_info(int folder, struct aq_keeper_info *info)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error ignored = {0};
    char boot[37] = "";
    *info = (struct aq_keeper_info){0};
    if (aq_read_file_at(folder, AQ_KEEPER_RUN, RUN_MAX, &text, &ignored) < 0 || !aq_boot_id(boot))
        return false;
    aq_autojson json_t *run = json_loadb(aq_buffer_text(&text), text.length, 0, NULL);
    info->process.pid = (pid_t)aq_json_int(run, "pid", 0);
    info->process.start_time = (uint64_t)aq_json_int(run, "start_time", 0);
    snprintf(info->started, sizeof info->started, "%s", aq_json_text(run, "started", ""));
    snprintf(info->version, sizeof info->version, "%s", aq_json_text(run, "version", ""));
    return strcmp(aq_json_text(run, "boot", ""), boot) == 0 && aq_process_alive(&info->process);
}

static int find_in(int folder, struct aq_keeper_info *info, struct aq_error *err)
{
    int held = is_held(folder, err);
    if (held > 0)
        read_info(folder, info); /* one that has just begun may not have said yet which process it is */
    return held;
}

int aq_keeper_find(const char *kind, struct aq_keeper_info *info, struct aq_error *err)
{
    aq_autofree char *path = aq_format("keepers/%s", kind);
    aq_autoclose int home = aq_open_home(err);
    struct aq_error reason = {0};
    *info = (struct aq_keeper_info){0};
    if (home < 0)
        return -1;
    aq_autoclose int folder = aq_open_beneath(home, path, O_RDONLY | O_DIRECTORY, &reason);
    if (folder < 0)
        return reason.code == AQ_E_FILE_NOT_FOUND ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    return find_in(folder, info, err);
}

static void nudge(const struct aq_keeper_info *info)
{
    if (info->process.pid > 0)
        aq_process_signal(&info->process, SIGUSR1);
}

int aq_keeper_nudge(const char *kind, struct aq_error *err)
{
    aq_autoclose int gate = -1;
    struct aq_keeper_info info = {0};
    if (open_gate(kind, &gate, err) < 0)
        return -1;
    int lives = find_in(gate, &info, err);
    if (lives > 0)
        nudge(&info);
    return lives;
}

/* The log of this keeper's life; a long one is put aside first. */
static int open_log(int folder, struct aq_error *err)
{
    struct stat st;
    if (fstatat(folder, AQ_KEEPER_LOG, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > LOG_MAX)
        renameat(folder, AQ_KEEPER_LOG, folder, AQ_KEEPER_LOG ".1");
    int log = openat(folder, AQ_KEEPER_LOG, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return log >= 0 ? log : aq_fail_errno(err, AQ_E_IO, errno, "cannot open a keeper's log");
}

/* Waits for its word: 1 it keeps, 0 another does. */
static int await_word(const char *kind, int ready, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(COMES_UP_MS);
    char word[512];
    size_t length = 0;
    for (;;) {
        int came = aq_wait_fd(ready, POLLIN, deadline, err);
        if (came < 0)
            return -1;
        if (came == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "the keeper %s was started but does not come up", kind);
        ssize_t got = read(ready, word + length, sizeof word - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    word[length] = '\0';
    if (strcmp(word, "1") == 0 || strcmp(word, "0") == 0)
        return word[0] == '1';
    return aq_fail(err, AQ_E_FAILED, "the keeper %s has ended at once: %s", kind,
                   length > 0 ? word : "its log in the store (keepers/) may tell why");
}

static int start(const char *kind, const char *program, int folder, struct aq_error *err)
{
    int ends[2];
    aq_autoclose int log = open_log(folder, err);
    if (log < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    aq_autoclose int reading = ends[0];
    aq_autoclose int writing = ends[1];
    aq_autofree char *ready = aq_format(AQ_KEEPER_READY_ARGUMENT "%d", writing);
    const char *const argv[] = {program, kind, ready, NULL};
    struct aq_process_id id;
    if (aq_process_detach(argv, log, &writing, 1, &id, err) < 0)
        return -1;
    close(aq_steal_fd(&writing));
    return await_word(kind, reading, err);
}

int aq_keeper_need(const char *kind, const char *program, struct aq_error *err)
{
    aq_autoclose int gate = -1;
    struct aq_keeper_info info = {0};
    if (open_gate(kind, &gate, err) < 0)
        return -1;
    int lives = find_in(gate, &info, err);
    if (lives < 0)
        return -1;
    if (lives == 0)
        return start(kind, program, gate, err);
    nudge(&info);
    return 0;
}

int aq_keeper_end(const char *kind, aq_deadline deadline, struct aq_error *err)
{
    aq_autoclose int gate = -1;
    struct aq_keeper_info info = {0};
    if (open_gate(kind, &gate, err) < 0)
        return -1;
    int lives = find_in(gate, &info, err);
    if (lives <= 0)
        return lives;
    if (info.process.pid == 0)
        return aq_fail(err, AQ_E_FAILED, "the keeper %s has not said yet which process it is; try again",
                       kind);
    aq_process_signal(&info.process, SIGTERM);
    int gone = aq_process_wait_gone(&info.process, deadline, err);
    if (gone == 0) {
        aq_process_signal(&info.process, SIGKILL);
        gone = aq_process_wait_gone(&info.process, aq_after_ms(GOES_MS), err);
    }
    return gone < 0 ? -1 : gone > 0 ? 1 : aq_fail(err, AQ_E_TIMEOUT, "the keeper %s does not end", kind);
}
