/* SPDX-License-Identifier: MIT */
#include "checkpoint_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_PAUSE_MS = 10, /* between looks at a file */
    LAST_PAUSE_MS = 200,
};

/* A way to the host: its socket, or the file in which it answers. */
struct host {
    int fd;
    bool is_file;
    size_t length; /* of what has come and is not a whole line yet */
    char line[AQ_SIDE_MAX + 1];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The number may be another file's by now: whoever started us may have closed what is not ours to keep. */
static int socket_of(const char *number)
{
    struct stat st;
    int fd = atoi(number);
    return fd > STDERR_FILENO && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? fd : -1;
}

static int open_beside(const char *path, const char *suffix, int flags)
{
    char name[4096];
    int length = snprintf(name, sizeof name, "%s%s", path, suffix);
    return length < (int)sizeof name ? open(name, flags | O_CLOEXEC | O_NOFOLLOW) : -1;
}

static bool write_whole(int fd, bool is_file, const char *text, size_t length)
{
    ssize_t written = is_file ? write(fd, text, length) : send(fd, text, length, MSG_NOSIGNAL);
    return written == (ssize_t)length;
}

/* Says the line and opens the way on which the answer comes; the answers to earlier lines are behind us. */
static bool say(const char *where, const char *text, size_t length, struct host *host)
{
    if (strncmp(where, AQ_SIDE_BY_FD, strlen(AQ_SIDE_BY_FD)) == 0) {
        host->fd = socket_of(where + strlen(AQ_SIDE_BY_FD));
        return host->fd >= 0 && write_whole(host->fd, false, text, length);
    }
    if (strncmp(where, AQ_SIDE_BY_FILE, strlen(AQ_SIDE_BY_FILE)) != 0)
        return false;
    host->is_file = true;
    where += strlen(AQ_SIDE_BY_FILE);
    int said = open_beside(where, AQ_SIDE_SAID, O_WRONLY | O_APPEND);
    host->fd = open_beside(where, AQ_SIDE_TOLD, O_RDONLY);
    bool done = said >= 0 && host->fd >= 0 && lseek(host->fd, 0, SEEK_END) >= 0 &&
                write_whole(said, true, text, length);
    if (said >= 0)
        close(said);
    return done;
}

/* Takes the next whole line out of what has come: its length, or -1. */
static long take_line(struct host *host, char line[AQ_SIDE_MAX + 1])
{
    char *end = memchr(host->line, '\n', host->length);
    if (end == NULL) {
        if (host->length == sizeof host->line)
            host->length = 0;
        return -1;
    }
    size_t length = (size_t)(end - host->line);
    memcpy(line, host->line, length);
    host->length -= length + 1;
    memmove(host->line, end + 1, host->length);
    return (long)length;
}

/* What came of a look for more. */
enum more { MORE, NOTHING, GONE };

static enum more wait_for_more(struct host *host, int64_t pause_ms)
{
    struct pollfd poll_one = {.fd = host->is_file ? -1 : host->fd, .events = POLLIN};
    if (poll(&poll_one, 1, host->is_file ? (int)pause_ms : -1) < 0)
        return GONE; /* a signal: the script is to end */
    ssize_t got = read(host->fd, host->line + host->length, sizeof host->line - host->length);
    if (got > 0)
        host->length += (size_t)got;
    return got > 0 ? MORE : got == 0 && host->is_file ? NOTHING : GONE;
}

/* Until it is decided. A host that said it was there is waited for as long as it goes on saying so. */
static enum aq_checkpoint_answer await_answer(struct host *host, const char *id)
{
    int64_t heard = now_ms(), pause = FIRST_PAUSE_MS;
    for (;;) {
        char line[AQ_SIDE_MAX + 1], its_id[AQ_CHECKPOINT_ID];
        enum aq_checkpoint_answer answer;
        long length = take_line(host, line);
        if (length >= 0 && aq_checkpoint_read_answer(line, (size_t)length, its_id, &answer) &&
            strcmp(its_id, id) == 0) {
            if (answer != AQ_CHECKPOINT_PAUSE)
                return answer;
            heard = now_ms();
        }
        if (length >= 0)
            continue;
        if (host->is_file && now_ms() - heard > AQ_CHECKPOINT_SILENCE_MS)
            return AQ_CHECKPOINT_CONTINUE;
        if (wait_for_more(host, pause) == GONE)
            return AQ_CHECKPOINT_ABORT;
        pause = pause * 2 < LAST_PAUSE_MS ? pause * 2 : LAST_PAUSE_MS;
    }
}

enum aq_checkpoint_answer aq_checkpoint_ask_host(const struct aq_checkpoint_line *line)
{
    struct host host = {.fd = -1};
    char text[AQ_SIDE_MAX + 1];
    const char *where = getenv(AQ_SIDE_VARIABLE);
    if (where == NULL || *where == '\0')
        return AQ_CHECKPOINT_CONTINUE;
    size_t length = aq_checkpoint_write(line, text);
    text[length++] = '\n';
    enum aq_checkpoint_answer answer = AQ_CHECKPOINT_CONTINUE;
    if (say(where, text, length, &host))
        answer = await_answer(&host, line->id);
    if (host.is_file && host.fd >= 0)
        close(host.fd);
    return answer;
}
