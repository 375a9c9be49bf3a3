/* SPDX-License-Identifier: MIT */
/* Files through SSH: by the far side's shell and cksum, for not every server has SFTP (dropbear has none). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest/cksum.h"
#include "guest/shell_scripts.h"
#include "guest/ssh_channel.h"
#include "util/files.h"
#include "util/random.h"

enum { PIECE = 256 * 1024, WORDS = 4096, MODE_TEXT = 8 };

/* Runs one of the scripts; its words are kept. */
static int run_script(struct aq_ssh_channel *ssh, const struct aq_ssh_order *order, const char *path,
                      struct aq_error *err)
{
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_ssh_run(ssh, order, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0 ? 0 : aq_script_fail(exit.exit_code, path, aq_buffer_text(&exit.errors), err);
}

/* The checksum goes with the order, so the file is read twice; should it change in between, nothing is put.
 */
static int sum_file(const struct aq_guest_put *put, struct aq_cksum *sum, struct aq_error *err)
{
    aq_autofree char *piece = aq_alloc(PIECE);
    ssize_t got;
    while ((got = pread(put->fd, piece, PIECE, (off_t)sum->length)) > 0) {
        aq_cksum_add(sum, piece, (size_t)got);
        if (aq_must_end())
            return aq_fail(err, AQ_E_INTERRUPTED, "interrupted");
    }
    return got == 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot read the file for %s", put->path);
}

int aq_ssh_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err)
{
    struct aq_cksum sum = {0};
    char mode[MODE_TEXT], checksum[16], size[24], part[24];
    if (sum_file(put, &sum, err) < 0)
        return -1;
    snprintf(mode, sizeof mode, "%04o", (unsigned)put->mode);
    snprintf(checksum, sizeof checksum, "%u", aq_cksum_value(&sum));
    snprintf(size, sizeof size, "%llu", (unsigned long long)sum.length);
    aq_autofree char *temporary = aq_format("%.*s/.aq-%s", (int)(strrchr(put->path, '/') - put->path),
                                            put->path, aq_random_name(part, sizeof part));
    const char *const argv[] = {"/bin/sh",
                                "-c",
                                aq_script_receive,
                                "address-qemu",
                                put->path,
                                temporary,
                                put->make_folders ? "yes" : "no",
                                mode,
                                put->owner,
                                checksum,
                                size,
                                NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = put->deadline, .capture_limit = WORDS};
    const struct aq_ssh_order order = {
        .exec = &exec, .file = put->fd, .ending = AQ_SSH_STARVE, .late = AQ_E_TIMEOUT};
    if (put->sent != NULL)
        *put->sent = sum.length;
    return run_script((struct aq_ssh_channel *)channel, &order, put->path, err);
}

/* --- get --- */

/* A file on its way here. */
struct arrival {
    const struct aq_guest_get *get;
    char mode[MODE_TEXT]; /* its first line, as it comes */
    size_t mode_length;
    bool begun;
    struct aq_cksum sum;
    bool failed; /* what follows is not wanted */
    struct aq_error failure;
};

static int take_contents(struct arrival *arrival, const char *bytes, size_t length)
{
    if (length > arrival->get->limit - arrival->sum.length)
        return aq_fail(&arrival->failure, AQ_E_LIMIT_EXCEEDED, "%s in the guest is larger than %llu bytes",
                       arrival->get->path, (unsigned long long)arrival->get->limit);
    if (aq_write_all(arrival->get->fd, bytes, length, &arrival->failure) < 0)
        return -1;
    aq_cksum_add(&arrival->sum, bytes, length);
    return 0;
}

static void take_output(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    struct arrival *arrival = data;
    if (stream != AQ_STREAM_STDOUT || arrival->failed)
        return;
    for (; !arrival->begun && length > 0; bytes++, length--) {
        arrival->begun = *bytes == '\n';
        if (!arrival->begun && arrival->mode_length + 1 < sizeof arrival->mode)
            arrival->mode[arrival->mode_length++] = *bytes;
    }
    arrival->failed = length > 0 && take_contents(arrival, bytes, length) < 0;
}

static int verify(struct aq_ssh_channel *ssh, const struct arrival *arrival, struct aq_error *err)
{
    char size[24], sum[16];
    const struct aq_guest_get *get = arrival->get;
    snprintf(size, sizeof size, "%llu", (unsigned long long)arrival->sum.length);
    snprintf(sum, sizeof sum, "%u", aq_cksum_value(&arrival->sum));
    const char *const argv[] = {"/bin/sh", "-c", aq_script_verify, "address-qemu", get->path, size,
                                sum,       NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = get->deadline, .capture_limit = WORDS};
    const struct aq_ssh_order order = {.exec = &exec, .ending = AQ_SSH_KILL, .late = AQ_E_TIMEOUT};
    return run_script(ssh, &order, get->path, err);
}

int aq_ssh_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
               struct aq_error *err)
{
    struct aq_ssh_channel *ssh = (struct aq_ssh_channel *)channel;
    struct arrival arrival = {.get = get};
    const char *const argv[] = {"/bin/sh", "-c", aq_script_send, "address-qemu", get->path, NULL};
    const struct aq_guest_exec exec = {.argv = argv,
                                       .deadline = get->deadline,
                                       .capture_limit = WORDS,
                                       .on_output = take_output,
                                       .on_output_data = &arrival};
    const struct aq_ssh_order order = {
        .exec = &exec, .ending = AQ_SSH_KILL, .late = AQ_E_TIMEOUT, .enough = &arrival.failed};
    int sent = run_script(ssh, &order, get->path, err);
    if (arrival.failed)
        return aq_fail(err, arrival.failure.code, "%s", arrival.failure.text);
    if (sent < 0)
        return -1;
    file->size = arrival.sum.length;
    file->mode = (mode_t)strtoul(arrival.mode, NULL, 8) & 07777;
    return verify(ssh, &arrival, err);
}

int aq_ssh_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    static const char *const argv[] = {"sync", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const struct aq_ssh_order order = {.exec = &exec, .ending = AQ_SSH_KILL, .late = AQ_E_TIMEOUT};
    if (aq_ssh_run((struct aq_ssh_channel *)channel, &order, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0 ? 0 : aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: sync failed");
}
