/* SPDX-License-Identifier: MIT */
/*
 * Nothing can be put back into a pipe, so no more may be taken out than the line that ends the script: a
 * piece is looked at first, by the means that each kind of file has for that. Where there is none, as on a
 * terminal, bytes are taken one by one.
 */
#include "stdin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

#define PIECE 65536 /* as much as a pipe holds */

/* How standard input can be looked at, and for a pipe the one that copies of its bytes go through. */
struct input {
    mode_t kind;
    int copy[2];
};

static void input_close(struct input *input)
{
    aq_cleanup_close(&input->copy[0]);
    aq_cleanup_close(&input->copy[1]);
}

static ssize_t read_again(int fd, char *room, size_t size)
{
    ssize_t got;
    do
        got = read(fd, room, size);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Copies what is there, at least one byte, and leaves it there. */
static ssize_t look(const struct input *input, char *room)
{
    ssize_t got;
    switch (input->kind) {
    case S_IFREG:
        return pread(STDIN_FILENO, room, PIECE, lseek(STDIN_FILENO, 0, SEEK_CUR));
    case S_IFSOCK:
        do
            got = recv(STDIN_FILENO, room, PIECE, MSG_PEEK);
        while (got < 0 && errno == EINTR);
        return got;
    case S_IFIFO:
        do
            got = tee(STDIN_FILENO, input->copy[1], PIECE, 0);
        while (got < 0 && errno == EINTR);
        return got > 0 ? read_again(input->copy[0], room, (size_t)got) : got;
    default:
        return read_again(STDIN_FILENO, room, 1);
    }
}

/* Takes so many of the bytes that were looked at away. */
static int take(const struct input *input, size_t count)
{
    char away[4096];
    if (input->kind != S_IFREG && input->kind != S_IFSOCK && input->kind != S_IFIFO)
        return 0; /* they are */
    while (count > 0) {
        ssize_t got = read_again(STDIN_FILENO, away, count < sizeof away ? count : sizeof away);
        if (got <= 0)
            return -1;
        count -= (size_t)got;
    }
    return 0;
}

static bool is_mark(const char *line, size_t length, const char *mark)
{
    if (length > 0 && line[length - 1] == '\r')
        length--;
    return length == strlen(mark) && memcmp(line, mark, length) == 0;
}

/* Adds the piece up to the line that is the mark, which may have begun before it: how much of the piece that
 * is. *line is where in `to` the line under way begins. */
static size_t add_piece(struct aq_buffer *to, size_t *line, const char *piece, size_t length,
                        const char *mark, bool *found)
{
    for (size_t at = 0; at < length && !*found;) {
        const char *newline = memchr(piece + at, '\n', length - at);
        size_t stop = newline != NULL ? (size_t)(newline - piece) : length;
        aq_buffer_add(to, piece + at, stop - at);
        if (newline == NULL)
            return length;
        at = stop + 1;
        *found = is_mark(aq_buffer_text(to) + *line, to->length - *line, mark);
        if (*found) {
            to->length = *line;
            return at;
        }
        aq_buffer_add_char(to, '\n');
        *line = to->length;
    }
    return length;
}

int aq_stdin_read_until(const char *mark, struct aq_buffer *to)
{
    struct stat status;
    aq_cleanup(input_close) struct input input = {0, {-1, -1}};
    if (fstat(STDIN_FILENO, &status) < 0)
        return -1;
    input.kind = status.st_mode & S_IFMT;
    if (input.kind == S_IFIFO && pipe2(input.copy, O_CLOEXEC) < 0)
        return -1;
    aq_autofree char *piece = aq_alloc(PIECE);
    size_t line = 0;
    bool found = false;
    while (!found) {
        ssize_t got = look(&input, piece);
        if (got < 0)
            return -1;
        if (got == 0) /* the mark may be the last line, without a line's end */
            break;
        if (take(&input, add_piece(to, &line, piece, (size_t)got, mark, &found)) < 0)
            return -1;
    }
    if (!found && is_mark(aq_buffer_text(to) + line, to->length - line, mark)) {
        to->length = line;
        found = true;
    }
    *aq_buffer_room(to, 0) = '\0'; /* where the mark stood */
    return found ? 0 : 1;
}
