/* SPDX-License-Identifier: MIT */
/* Files on the console: checked by the guest's cksum at the end, and under their name whole or not at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/cksum.h"
#include "guest/serial_channel.h"
#include "guest/shell_scripts.h"
#include "util/files.h"
#include "util/random.h"

enum { PIECE = 64 * 1024, CLEAR_UP_MS = 20000 };

/* Runs one of the scripts: any exit code but 0 is a failure. */
static int run_script(struct aq_serial *serial, const char *script, const char *const *arguments,
                      const char *path, struct aq_buffer *output, aq_deadline deadline, struct aq_error *err)
{
    int code = aq_serial_run_script(serial, script, arguments, output, deadline, err);
    return code > 0 ? aq_script_fail(code, path, aq_buffer_text(output), err) : code;
}

static int send_contents(struct aq_serial *serial, const struct aq_guest_put *put, const char *temporary,
                         struct aq_cksum *sum, struct aq_error *err)
{
    aq_autofree char *piece = aq_alloc(PIECE);
    ssize_t got;
    while ((got = pread(put->fd, piece, PIECE, (off_t)sum->length)) > 0) {
        if (aq_serial_append(serial, temporary, sum->length, piece, (size_t)got, put->deadline, err) < 0)
            return -1;
        aq_cksum_add(sum, piece, (size_t)got);
    }
    return got == 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot read the file for %s", put->path);
}

static int commit(struct aq_serial *serial, const struct aq_guest_put *put, const char *temporary,
                  const struct aq_cksum *sum, struct aq_error *err)
{
    char mode[8];
    aq_autobuffer struct aq_buffer output = {0};
    aq_autofree char *checksum = aq_format("%u", aq_cksum_value(sum));
    aq_autofree char *size = aq_format("%llu", (unsigned long long)sum->length);
    snprintf(mode, sizeof mode, "%04o", (unsigned)put->mode);
    const char *const arguments[] = {put->path, temporary, mode, put->owner, checksum, size, NULL};
    return run_script(serial, aq_script_commit, arguments, put->path, &output, put->deadline, err);
}

static void discard(struct aq_serial *serial, const char *target, const char *temporary)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer output = {0};
    const char *const arguments[] = {target, temporary, "", NULL};
    aq_interrupt_hold();
    aq_serial_run_script(serial, aq_script_commit, arguments, &output, aq_after_ms(CLEAR_UP_MS), &ignored);
    aq_interrupt_release();
}

int aq_serial_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err)
{
    struct aq_serial *serial = (struct aq_serial *)channel;
    char name[24];
    struct aq_cksum sum = {0};
    aq_autobuffer struct aq_buffer output = {0};
    aq_autofree char *temporary = aq_format("%.*s/.aq-%s", (int)(strrchr(put->path, '/') - put->path),
                                            put->path, aq_random_name(name, sizeof name));
    const char *const arguments[] = {put->path, temporary, put->make_folders ? "yes" : "no", NULL};
    if (run_script(serial, aq_script_prepare, arguments, put->path, &output, put->deadline, err) < 0)
        return -1;
    if (send_contents(serial, put, temporary, &sum, err) == 0 &&
        commit(serial, put, temporary, &sum, err) == 0) {
        if (put->sent != NULL)
            *put->sent = sum.length;
        return 0;
    }
    discard(serial, put->path, temporary);
    return -1;
}

static int fetch_contents(struct aq_serial *serial, const struct aq_guest_get *get, struct aq_cksum *sum,
                          struct aq_error *err)
{
    for (;;) {
        aq_autobuffer struct aq_buffer piece = {0};
        ssize_t got =
            aq_serial_read(serial, get->path, sum->length, AQ_SERIAL_PIECE, &piece, get->deadline, err);
        if (got <= 0)
            return (int)got;
        if ((uint64_t)got > get->limit - sum->length)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s in the guest is larger than %llu bytes", get->path,
                           (unsigned long long)get->limit);
        aq_cksum_add(sum, piece.data, piece.length);
        if (aq_write_all(get->fd, piece.data, piece.length, err) < 0)
            return -1;
    }
}

int aq_serial_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                  struct aq_error *err)
{
    struct aq_serial *serial = (struct aq_serial *)channel;
    struct aq_cksum sum = {0};
    aq_autobuffer struct aq_buffer output = {0}, words = {0};
    const char *const look[] = {get->path, NULL};
    if (run_script(serial, aq_script_look, look, get->path, &output, get->deadline, err) < 0)
        return -1;
    file->mode = (mode_t)strtoul(aq_buffer_text(&output), NULL, 8) & 07777;
    if (fetch_contents(serial, get, &sum, err) < 0)
        return -1;
    file->size = sum.length;
    aq_autofree char *size = aq_format("%llu", (unsigned long long)sum.length);
    aq_autofree char *checksum = aq_format("%u", aq_cksum_value(&sum));
    const char *const verify[] = {get->path, size, checksum, NULL};
    return run_script(serial, aq_script_verify, verify, get->path, &words, get->deadline, err);
}
