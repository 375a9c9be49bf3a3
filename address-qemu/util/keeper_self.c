/* SPDX-License-Identifier: MIT */
/* The keeper's own side: becoming it, waiting, ending. */
#include "util/keeper.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/files.h"
#include "util/json.h"

enum {
    GATE_WAIT_MS = 20,
    LOG_MAX = 1 << 20,
    SETTLED_SECONDS = 3, /* a file that was written so lately may not be whole yet */
};

/* Readable since somebody said "look". */
static int look = -1;
static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    int saved = errno;
    uint64_t one = 1;
    if (number == SIGTERM) {
        told_to_end = 1;
        aq_interrupt();
    } else if (write(look, &one, sizeof one) < 0) { /* full: it is readable, which is all that is needed */
    }
    errno = saved;
}

static void handle_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGPIPE};
    struct sigaction ours = {.sa_handler = on_signal}, none = {.sa_handler = SIG_IGN};
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGUSR1);
    sigaction(SIGTERM, &ours, NULL);
    sigaction(SIGUSR1, &ours, NULL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &none, NULL);
    sigprocmask(SIG_UNBLOCK, &both, NULL);
}

/* --- which code this is --- */

static bool add_identity(struct aq_buffer *to, const char *path)
{
    struct stat st;
    if (path == NULL || stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
        time(NULL) - st.st_mtime < SETTLED_SECONDS)
        return false;
    aq_buffer_format(to, "%s %llu:%llu %lld %lld.%09ld\n", path, (unsigned long long)st.st_dev,
                     (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtime,
                     st.st_mtim.tv_nsec);
    return true;
}

/* The program's and the library's files as they are now; NULL while one is missing or just being written. */
static char *present_identity(const char *program)
{
    struct aq_buffer text = {0};
    Dl_info info;
    bool known = dladdr((void *)(uintptr_t)aq_keeper_become, &info) != 0 && add_identity(&text, program) &&
                 add_identity(&text, info.dli_fname);
    if (!known)
        aq_buffer_free(&text);
    return text.data;
}

static bool was_replaced(struct aq_keeper *keeper)
{
    aq_autofree char *now = present_identity(keeper->program);
    if (keeper->identity == NULL)
        keeper->identity = aq_steal_ptr(&now); /* it was started so soon after it had been installed */
    return now != NULL && strcmp(now, keeper->identity) != 0;
}

/* Signals that come meanwhile wait for the new one. Returns if it cannot be executed; this one goes on. */
static void become_new_version(struct aq_keeper *keeper)
{
    sigset_t all, before;
    aq_autofree char *lock = aq_format(AQ_KEEPER_LOCK_ARGUMENT "%d", keeper->lock);
    char *const argv[] = {keeper->program, (char *)(uintptr_t)keeper->kind, lock, NULL};
    aq_keeper_log(keeper, "the program was replaced: becoming the new one");
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    fcntl(keeper->lock, F_SETFD, 0);
    execv(keeper->program, argv);
    int errnum = errno;
    fcntl(keeper->lock, F_SETFD, FD_CLOEXEC);
    sigprocmask(SIG_SETMASK, &before, NULL);
    aq_keeper_log(keeper, "it cannot be executed: %s", strerror(errnum));
    free(keeper->identity);
    keeper->identity = present_identity(keeper->program); /* until it changes again */
}

/* --- becoming it --- */

static int number_after(char **arguments, const char *prefix)
{
    for (; *arguments != NULL; arguments++)
        if (strncmp(*arguments, prefix, strlen(prefix)) == 0)
            return atoi(*arguments + strlen(prefix));
    return -1;
}

/* 1 taken, 0 another has it. */
static int take_lock(struct aq_keeper *keeper, int inherited, struct aq_error *err)
{
    keeper->lock = inherited >= 0 ? inherited
                                  : openat(keeper->folder, AQ_KEEPER_LOCK,
                                           O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (keeper->lock < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the lock of the keeper %s", keeper->kind);
    fcntl(keeper->lock, F_SETFD, FD_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(keeper->lock, F_OFD_SETLK, &whole) == 0)
        return 1;
    return errno == EAGAIN || errno == EACCES
               ? 0
               : aq_fail_errno(err, AQ_E_IO, errno, "cannot take the lock of the keeper %s", keeper->kind);
}

static int say_who(struct aq_keeper *keeper, struct aq_error *err)
{
    struct aq_process_id self = {0};
    char boot[37] = "", now[AQ_TIME_TEXT];
    aq_process_identify(getpid(), &self);
    aq_boot_id(boot);
    aq_autofree char *text =
        aq_format("{\"pid\": %d, \"start_time\": %llu, \"boot\": \"%s\", \"started\": \"%s\", "
                  "\"version\": \"" AQ_VERSION "\"}\n",
                  (int)self.pid, (unsigned long long)self.start_time, boot, aq_now_text(now));
    return aq_replace_file_at(keeper->folder, AQ_KEEPER_RUN, text, strlen(text), err);
}

static int become(struct aq_keeper *keeper, int lock, struct aq_error *err)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program);
    keeper->folder = aq_keeper_folder(keeper->kind, err);
    if (keeper->folder < 0)
        return -1;
    if (look < 0)
        look = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (length <= 0 || look < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot prepare the keeper %s", keeper->kind);
    keeper->program = aq_strndup(program, (size_t)length);
    keeper->identity = present_identity(keeper->program);
    int taken = take_lock(keeper, lock, err);
    if (taken <= 0)
        return taken;
    handle_signals();
    return say_who(keeper, err) < 0 ? -1 : 1;
}

static void answer(int ready, int became, const struct aq_error *err)
{
    const char *word = became < 0 ? err->text : became > 0 ? "1" : "0";
    if (ready < 0)
        return;
    if (write(ready, word, strnlen(word, 500)) < 0) { /* whoever started it does not want to know any more */
    }
    close(ready);
}

int aq_keeper_become(const char *kind, char **arguments, struct aq_keeper *keeper, struct aq_error *err)
{
    int lock = number_after(arguments, AQ_KEEPER_LOCK_ARGUMENT);
    *keeper = (struct aq_keeper)AQ_KEEPER_NONE;
    keeper->kind = kind;
    int became = become(keeper, lock, err);
    if (became > 0)
        aq_keeper_log(keeper, "%s, version " AQ_VERSION ", process %d", lock >= 0 ? "goes on" : "begins",
                      (int)getpid());
    answer(number_after(arguments, AQ_KEEPER_READY_ARGUMENT), became, err);
    return became;
}

/* --- its life --- */

static bool store_is_gone(const struct aq_keeper *keeper)
{
    struct stat st;
    return fstat(keeper->folder, &st) < 0 || st.st_nlink == 0;
}

static bool was_told_to_look(void)
{
    uint64_t count;
    return read(look, &count, sizeof count) == sizeof count;
}

enum aq_keeper_event aq_keeper_wait(struct aq_keeper *keeper, struct pollfd *fds, unsigned count,
                                    aq_deadline deadline)
{
    aq_autofree struct pollfd *all = aq_alloc((count + 1) * sizeof *all);
    struct aq_error ignored = {0};
    for (unsigned i = 0; i < count; i++)
        all[i + 1] = fds[i];
    all[0] = (struct pollfd){.fd = look, .events = POLLIN};
    int ready = aq_poll(all, count + 1, deadline, &ignored);
    if (told_to_end || ready < 0 || store_is_gone(keeper))
        return AQ_KEEPER_END;
    if (was_replaced(keeper))
        become_new_version(keeper);
    for (unsigned i = 0; i < count; i++)
        fds[i] = all[i + 1];
    return was_told_to_look() ? AQ_KEEPER_LOOK : AQ_KEEPER_DUE;
}

bool aq_keeper_may_end(struct aq_keeper *keeper, bool (*idle)(void *data), void *data)
{
    aq_autoclose int gate = openat(keeper->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct aq_error ignored = {0};
    while (gate >= 0 && flock(gate, LOCK_EX | LOCK_NB) < 0)
        if (errno != EWOULDBLOCK || aq_sleep_until(aq_after_ms(GATE_WAIT_MS), &ignored) < 0)
            return false;
    if (!idle(data))
        return false;
    aq_keeper_log(keeper, "ends: there is nothing to do");
    aq_keeper_drop(keeper);
    return true;
}

void aq_keeper_drop(struct aq_keeper *keeper)
{
    if (keeper->lock >= 0)
        close(aq_steal_fd(&keeper->lock));
}

/* Standard error is the log. */
static void rotate(struct aq_keeper *keeper)
{
    struct stat st;
    if (fstat(STDERR_FILENO, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= LOG_MAX)
        return;
    renameat(keeper->folder, AQ_KEEPER_LOG, keeper->folder, AQ_KEEPER_LOG ".1");
    aq_autoclose int log =
        openat(keeper->folder, AQ_KEEPER_LOG, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
}

void aq_keeper_log(struct aq_keeper *keeper, const char *format, ...)
{
    aq_autobuffer struct aq_buffer line = {0};
    char now[AQ_TIME_TEXT];
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return;
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    aq_buffer_format(&line, "%s %s\n", aq_now_text(now), text);
    free(text);
    rotate(keeper);
    if (write(STDERR_FILENO, line.data, line.length) < 0) { /* no log, no matter */
    }
}
