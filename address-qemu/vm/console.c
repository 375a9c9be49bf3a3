/* SPDX-License-Identifier: MIT */
#include "vm/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"

enum { TAIL_BYTES = 256 * 1024, ESCAPE = 0x1b };

/* The end of an escape sequence that starts at `at` (ECMA-48: CSI sequences, and two-byte ones). */
static const char *skip_escape(const char *at, const char *end)
{
    if (++at == end || *at != '[')
        return at == end ? end : at + 1;
    for (at++; at < end; at++)
        if (*at >= 0x40 && *at <= 0x7e)
            return at + 1;
    return end;
}

static void add_printable(struct aq_buffer *text, const char *at, const char *end)
{
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        if (c == ESCAPE) {
            at = skip_escape(at, end);
            continue;
        }
        if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f))
            aq_buffer_add_char(text, (char)c);
        at++;
    }
}

/* Where the last `lines` lines of the text begin. */
static size_t last_lines(const struct aq_buffer *text, unsigned lines)
{
    size_t at = text->length;
    if (at > 0 && text->data[at - 1] == '\n')
        at--;
    while (at > 0) {
        if (text->data[at - 1] == '\n' && --lines == 0)
            break;
        at--;
    }
    return at;
}

int aq_console_tail(const struct aq_vm *vm, unsigned lines, struct aq_buffer *text, struct aq_error *err)
{
    aq_autoclose int folder = aq_vm_open(vm->name, err);
    if (folder < 0)
        return -1;
    aq_autoclose int log = openat(folder, AQ_VM_CONSOLE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (log < 0)
        return errno == ENOENT
                   ? 0
                   : aq_fail_errno(err, AQ_E_IO, errno, "cannot open the console's log of VM %s", vm->name);
    struct stat st;
    struct flock all = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    fcntl(log, F_OFD_SETLKW,
          &all); /* its companion moves the contents when the log is full; let go by close */
    if (fstat(log, &st) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot read the console's log of VM %s", vm->name);
    size_t length = st.st_size > TAIL_BYTES ? TAIL_BYTES : (size_t)st.st_size;
    aq_autofree char *raw = aq_alloc(length);
    if (aq_read_all_at(log, raw, length, st.st_size - (off_t)length, err) < 0)
        return -1;
    aq_autobuffer struct aq_buffer clean = {0};
    add_printable(&clean, raw, raw + length);
    if (clean.length != 0 && lines != 0) {
        size_t start = last_lines(&clean, lines);
        aq_buffer_add(text, clean.data + start, clean.length - start);
    }
    return 0;
}
