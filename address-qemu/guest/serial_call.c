/* SPDX-License-Identifier: MIT */
/* Questions to our loop, and their answers. */
#include <stdlib.h>
#include <string.h>

#include "guest/serial_channel.h"
#include "util/base64.h"
#include "util/digest.h"

enum {
    TRIES = 6,
    ANSWER_MS = 4000, /* of silence, before it is asked again */
    NOISE_MAX = 256 * 1024,
};

int aq_serial_type(struct aq_serial *serial, const char *text, size_t length, aq_deadline deadline,
                   struct aq_error *err)
{
    while (length > 0) {
        ssize_t sent = aq_channel_write(&serial->base, text, length, err);
        if (sent < 0)
            return -1;
        text += sent;
        length -= (size_t)sent;
        if (sent > 0)
            continue;
        int ready = aq_wait_fd(serial->base.port.fd, POLLOUT, deadline, err);
        if (ready <= 0)
            return ready < 0 ? -1 : aq_fail(err, AQ_E_TIMEOUT, "the console takes no input");
    }
    serial->typed_at = aq_now();
    return 0;
}

/* Takes the next whole line out of what has come: its length, without its end; -1 when there is none. *line
   is valid until something is taken again. */
static ssize_t take_line(struct aq_serial *serial, struct aq_buffer *line)
{
    char *end = serial->in.length > 0 ? memchr(serial->in.data, '\n', serial->in.length) : NULL;
    if (end == NULL)
        return -1;
    size_t length = (size_t)(end - serial->in.data), whole = length + 1;
    while (length > 0 && serial->in.data[length - 1] == '\r')
        length--;
    aq_buffer_clear(line);
    aq_buffer_add(line, serial->in.data, length);
    memmove(serial->in.data, serial->in.data + whole, serial->in.length - whole + 1);
    serial->in.length -= whole;
    return (ssize_t)length;
}

/* The next line that is ours, behind "@MARK"; 1, 0 none in time, -1. */
static int next_line(struct aq_serial *serial, struct aq_buffer *line, aq_deadline deadline,
                     struct aq_error *err)
{
    aq_autofree char *sign = aq_format("@%s", serial->mark);
    size_t length = strlen(sign);
    for (;;) {
        ssize_t got;
        while ((got = take_line(serial, line)) >= 0)
            if ((size_t)got > length && memcmp(line->data, sign, length) == 0) {
                memmove(line->data, line->data + length, line->length - length + 1);
                line->length -= length;
                return 1;
            }
        if (serial->in.length > NOISE_MAX)
            aq_buffer_clear(&serial->in);
        int ready = aq_wait_fd(serial->base.port.fd, POLLIN, deadline, err);
        if (ready <= 0)
            return ready;
        char *room = aq_buffer_room(&serial->in, AQ_SERIAL_PIECE);
        got = aq_channel_read(&serial->base, room, AQ_SERIAL_PIECE, err);
        if (got < 0)
            return -1;
        serial->in.length += (size_t)got;
        serial->in.data[serial->in.length] = '\0';
        serial->heard_at = aq_now();
    }
}

static int type_question(struct aq_serial *serial, const char *line, aq_deadline deadline,
                         struct aq_error *err)
{
    aq_autofree char *whole = aq_format("q=%u;%s\n", serial->number, line);
    return aq_serial_type(serial, whole, strlen(whole), deadline, err);
}

static int fail_no_answer(aq_deadline deadline, struct aq_error *err)
{
    if (aq_ms_left(deadline) == 0)
        return aq_fail(err, AQ_E_TIMEOUT, "the guest did not finish within the timeout");
    return aq_fail(err, AQ_E_GUEST_PROTOCOL,
                   "the shell on the guest's console does not answer, or too much else is written there");
}

static bool is_digest_of(const char *digest, const char *bytes, size_t length)
{
    char real[AQ_SHA256_TEXT];
    struct aq_error ignored = {0};
    return aq_sha256(bytes, length, real, &ignored) == 0 && strcmp(digest, real) == 0;
}

/* " DIGEST LENGTH", from *at on. */
static bool take_digest(char **at, char digest[AQ_SHA256_TEXT], size_t *length)
{
    size_t digits = strspn(*at + 1, "0123456789abcdef");
    if (**at != ' ' || digits != AQ_SHA256_TEXT - 1 || (*at)[1 + digits] != ' ')
        return false;
    memcpy(digest, *at + 1, digits);
    digest[digits] = '\0';
    *length = strtoul(*at + 1 + digits, at, 10);
    return true;
}

/* Is it " NUMBER DIGEST LENGTH WORDS", whole? Then the words are added. */
static bool take_answer(const struct aq_serial *serial, const struct aq_buffer *line,
                        struct aq_buffer *answer)
{
    char *at = line->data, digest[AQ_SHA256_TEXT];
    size_t length = 0;
    if (*at != ' ' || strtoul(at, &at, 10) != serial->number || !take_digest(&at, digest, &length) ||
        *at != ' ' || strlen(at + 1) != length || !is_digest_of(digest, at + 1, length))
        return false;
    aq_buffer_add(answer, at + 1, length);
    return true;
}

int aq_serial_ask(struct aq_serial *serial, const char *line, struct aq_buffer *answer, aq_deadline deadline,
                  struct aq_error *err)
{
    aq_autobuffer struct aq_buffer said = {0};
    serial->number++;
    for (int try = 0; try < TRIES && aq_ms_left(deadline) > 0; try++) {
        if (type_question(serial, line, deadline, err) < 0)
            return -1;
        aq_deadline soon = aq_earlier(deadline, aq_after_ms(ANSWER_MS));
        int got;
        while ((got = next_line(serial, &said, soon, err)) > 0)
            if (take_answer(serial, &said, answer))
                return 0;
        if (got < 0)
            return -1;
    }
    return fail_no_answer(deadline, err);
}

/* --- files --- */

/* Adds bytes as words for printf, as many as fit into a line: what is not plain is \ooo. Returns how many. */
static size_t encode(struct aq_buffer *line, const char *bytes, size_t length)
{
    size_t used = 0;
    while (used < length && line->length < AQ_SERIAL_LINE) {
        unsigned char c = (unsigned char)bytes[used++];
        if (c == '%') /* as \045 some shells would take it for the beginning of a conversion */
            aq_buffer_add_text(line, "%%");
        else if (c > ' ' && c < 127 && c != '\'' && c != '\\' && c != '-')
            aq_buffer_add_char(line, (char)c);
        else
            aq_buffer_format(line, "\\%03o", c);
    }
    return used;
}

/* Has the loop's variable p stand for a path. */
static int name_file(struct aq_serial *serial, const char *path, aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0}, answer = {0};
    aq_buffer_add_text(&line, "p=$(printf '");
    if (encode(&line, path, strlen(path)) < strlen(path))
        return aq_fail(err, AQ_E_NOT_SUPPORTED, "on the console a path in the guest can have about %d bytes",
                       AQ_SERIAL_LINE);
    aq_buffer_add_text(&line, "');a ok");
    return aq_serial_ask(serial, line.data, &answer, deadline, err);
}

/* A line that is typed twice finds the file longer than it should be, and does nothing. */
static ssize_t append_line(struct aq_serial *serial, uint64_t at, const char *bytes, size_t length,
                           aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0}, answer = {0};
    aq_buffer_format(&line, "[ $(($(wc -c <\"$p\"))) = %llu ]&&printf '", (unsigned long long)at);
    size_t used = encode(&line, bytes, length);
    aq_buffer_add_text(&line, "' >>\"$p\";a $(($(wc -c <\"$p\")))");
    if (aq_serial_ask(serial, line.data, &answer, deadline, err) < 0)
        return -1;
    return strtoull(aq_buffer_text(&answer), NULL, 10) == at + used
               ? (ssize_t)used
               : aq_fail(err, AQ_E_GUEST_REFUSED,
                         "in the guest: a file cannot be written; is there no space left?");
}

int aq_serial_append(struct aq_serial *serial, const char *path, uint64_t at, const char *bytes,
                     size_t length, aq_deadline deadline, struct aq_error *err)
{
    if (name_file(serial, path, deadline, err) < 0)
        return -1;
    while (length > 0) {
        ssize_t used = append_line(serial, at, bytes, length, deadline, err);
        if (used < 0)
            return -1;
        at += (uint64_t)used;
        bytes += used;
        length -= (size_t)used;
    }
    return 0;
}

/* " 0a ff …", as od writes it. */
static bool take_hexadecimal(const char *text, struct aq_buffer *data)
{
    while (*text != '\0') {
        char *end = NULL;
        unsigned long value = strtoul(text, &end, 16);
        if (end == text || value > 255)
            return text[strspn(text, " ")] == '\0';
        aq_buffer_add_char(data, (char)value);
        text = end;
    }
    return true;
}

/* What a line of an answer to `f` is for the piece. */
enum piece_line { PIECE_OTHER, PIECE_MORE, PIECE_WHOLE, PIECE_BROKEN };

struct piece {
    char digest[AQ_SHA256_TEXT];
    size_t length;
    bool begun;
    struct aq_buffer *data;
    size_t before;
};

static enum piece_line take_piece(const struct aq_serial *serial, char *text, struct piece *piece)
{
    char *at = text + 1;
    if (text[0] == ':' || text[0] == '.') {
        if (strtoul(at, &at, 10) != serial->number)
            return PIECE_OTHER;
    }
    switch (text[0]) {
    case ':':
        piece->begun = take_digest(&at, piece->digest, &piece->length);
        piece->data->length = piece->before;
        return PIECE_MORE;
    case '=':
        return piece->begun && aq_base64_decode(at, strlen(at), piece->data) ? PIECE_MORE : PIECE_OTHER;
    case '-':
        return piece->begun && take_hexadecimal(at, piece->data) ? PIECE_MORE : PIECE_OTHER;
    case '.':
        return piece->begun && piece->data->length - piece->before == piece->length &&
                       is_digest_of(piece->digest, piece->data->data + piece->before, piece->length)
                   ? PIECE_WHOLE
                   : PIECE_BROKEN;
    default:
        return PIECE_OTHER;
    }
}

ssize_t aq_serial_read(struct aq_serial *serial, const char *path, uint64_t offset, size_t count,
                       struct aq_buffer *data, aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0};
    struct piece piece = {.data = data, .before = data->length};
    aq_buffer_room(data, count);
    if (name_file(serial, path, deadline, err) < 0)
        return -1;
    aq_autofree char *question = aq_format("f \"$p\" %llu %zu", (unsigned long long)offset, count);
    serial->number++;
    for (int try = 0; try < TRIES && aq_ms_left(deadline) > 0; try++) {
        piece.begun = false;
        data->length = piece.before;
        if (type_question(serial, question, deadline, err) < 0)
            return -1;
        int got;
        enum piece_line state = PIECE_OTHER;
        while (state != PIECE_WHOLE && state != PIECE_BROKEN &&
               (got = next_line(serial, &line, aq_earlier(deadline, aq_after_ms(ANSWER_MS)), err)) != 0) {
            if (got < 0)
                return -1;
            state = take_piece(serial, line.data, &piece);
        }
        if (state == PIECE_WHOLE)
            return (ssize_t)(data->length - piece.before);
    }
    data->length = piece.before;
    return fail_no_answer(deadline, err);
}
