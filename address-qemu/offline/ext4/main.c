/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offline/ext4/check.h"
#include "offline/ext4/find.h"
#include "offline/ext4/inode.h"
#include "offline/ext4/list.h"
#include "offline/ext4/nbd_io.h"
#include "offline/ext4/partition.h"
#include "offline/ext4/put.h"
#include "offline/ext4/sandbox.h"
#include "offline/ext4/writer.h"

#define SOCKET "disk.sock"
#define EXPORT "disk"
#define SELINUX_CONFIG_MAX 65536

enum { CPU_SECONDS = 20, CPU_SECONDS_A_GIB = 4 };

__attribute__((format(printf, 3, 0))) static void say(const struct aq_writer *writer, errcode_t failure,
                                                      const char *format, va_list args)
{
    if (writer->bundle.next > 0)
        fprintf(stderr, "%llu %s: ", (unsigned long long)writer->bundle.next - 1, writer->item.path);
    vfprintf(stderr, format, args);
    if (failure != 0)
        fprintf(stderr, ": %s", error_message(failure));
    fputc('\n', stderr);
}

int aq_writer_complain(const struct aq_writer *writer, errcode_t failure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(writer, failure, format, args);
    va_end(args);
    return -1;
}

int aq_writer_unfit(struct aq_writer *writer, const char *format, ...)
{
    va_list args;
    writer->unfit = true;
    va_start(args, format);
    say(writer, 0, format, args);
    va_end(args);
    return -1;
}

/* A line SELINUX=enforcing or SELINUX=permissive (selinux_config(5)). */
int aq_writer_relabel(struct aq_writer *writer)
{
    size_t length = 0;
    ext2_ino_t number;
    char *text = aq_inode_text(writer, "/etc/selinux/config", SELINUX_CONFIG_MAX - 1, &length);
    if (text != NULL)
        text[length < SELINUX_CONFIG_MAX - 1 ? length : SELINUX_CONFIG_MAX - 2] = '\0';
    bool uses = text != NULL && (strstr(text, "\nSELINUX=enforcing") != NULL ||
                                 strstr(text, "\nSELINUX=permissive") != NULL ||
                                 strncmp(text, "SELINUX=e", 9) == 0 || strncmp(text, "SELINUX=p", 9) == 0);
    free(text);
    if (!uses)
        return 0;
    puts("relabel");
    if (aq_inode_lookup(writer, EXT2_ROOT_INO, ".autorelabel", &number) != 0)
        return 0;
    return aq_writer_make_file(writer, EXT2_ROOT_INO, ".autorelabel", &number);
}

static errcode_t open_file_system(int flags, ext2_filsys *fs)
{
    errcode_t failure =
        ext2fs_open("disk", flags | EXT2_FLAG_64BITS, 0, 0, (io_manager)(uintptr_t)&aq_nbd_io, fs);
    return failure == 0 ? ext2fs_read_bitmaps(*fs) : failure;
}

static int carry_out_all(struct aq_writer *writer)
{
    int next;
    while ((next = aq_bundle_next(&writer->bundle, &writer->item)) > 0)
        if (aq_writer_carry_out(writer) < 0)
            return -1;
    if (next < 0)
        return aq_writer_complain(writer, errno, "cannot read the files to put into the image");
    return aq_writer_relabel(writer);
}

/* What was written is read again, from the disk. */
static int check(struct aq_writer *writer)
{
    ext2_filsys fs = NULL;
    errcode_t failure = aq_nbd_io_drop();
    if (failure == 0)
        failure = open_file_system(0, &fs);
    const char *wrong = failure == 0 ? aq_ext4_check(fs) : error_message(failure);
    if (fs != NULL)
        ext2fs_close_free(&fs);
    writer->bundle.next = 0;
    return wrong == NULL ? 0 : aq_writer_unfit(writer, "after it was written: %s", wrong);
}

static int list(struct aq_writer *writer)
{
    errcode_t failure = open_file_system(0, &writer->fs);
    if (failure != 0)
        return aq_writer_unfit(writer, "it is not an ext4 that is known here: %s", error_message(failure));
    if (aq_writer_judge(writer) < 0)
        return -1;
    return aq_writer_list(writer) < 0 ? aq_writer_unfit(writer, "it cannot be listed") : 0;
}

static int write_all(struct aq_writer *writer)
{
    errcode_t failure = open_file_system(EXT2_FLAG_RW, &writer->fs);
    if (failure != 0)
        return aq_writer_unfit(writer, "it is not an ext4 that is known here: %s", error_message(failure));
    writer->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
    if (aq_writer_judge(writer) < 0 || carry_out_all(writer) < 0)
        return -1;
    failure = ext2fs_close_free(&writer->fs);
    if (failure != 0)
        return aq_writer_unfit(writer, "cannot be written: %s", error_message(failure));
    return check(writer);
}

/* What a sound file system needs at most, many times over: most of it goes by the number of inodes, which
   goes by the size, and what is put into it has its digests and checksums made. */
static unsigned long cpu_seconds(struct nbd_handle *nbd)
{
    struct stat bundle = {0};
    int64_t size = nbd_get_size(nbd);
    fstat(STDIN_FILENO, &bundle);
    return CPU_SECONDS + CPU_SECONDS_A_GIB * (unsigned long)(((size > 0 ? size : 0) + bundle.st_size) >> 30);
}

static int use_partition(struct aq_writer *writer, struct nbd_handle *nbd, unsigned number)
{
    uint64_t offset, length;
    if (aq_partition_find(nbd, number, &offset, &length) < 0)
        return aq_writer_unfit(writer, "the partition %u cannot be found", number);
    aq_nbd_io_use(nbd, offset, length);
    return 0;
}

/* In the sandbox: the bundle is standard input, the disk a connection. */
_Noreturn static void become_worker(int disk, const char *mode, unsigned partition)
{
    static struct aq_writer writer;
    bool writes = strcmp(mode, "write") == 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGXCPU, SIG_DFL);
    setvbuf(stderr, NULL, _IOLBF, 0);
    struct nbd_handle *nbd = nbd_create();
    if (nbd == NULL || nbd_set_export_name(nbd, EXPORT) < 0 || nbd_connect_socket(nbd, disk) < 0) {
        fprintf(stderr, "cannot reach the exported disk: %s\n", nbd_get_error());
        _exit(AQ_BUNDLE_UNFIT);
    }
    initialize_ext2_error_table();
    error_message(EXT2_ET_BASE); /* loads what it needs to while that is allowed */
    if ((writes && aq_bundle_start(&writer.bundle, STDIN_FILENO) < 0) ||
        aq_sandbox_enter(cpu_seconds(nbd)) < 0) {
        fprintf(stderr, "cannot begin: %s\n", strerror(errno));
        _exit(AQ_BUNDLE_UNFIT);
    }
    int done =
        strcmp(mode, "find") == 0 ? aq_writer_find(&writer, nbd) : use_partition(&writer, nbd, partition);
    if (done == 0 && writes)
        done = write_all(&writer);
    else if (done == 0 && strcmp(mode, "list") == 0)
        done = list(&writer);
    if (done == 0 && nbd_shutdown(nbd, 0) < 0)
        done = aq_writer_unfit(&writer, "the exported disk: %s", nbd_get_error());
    fflush(NULL);
    _exit(done == 0 ? AQ_BUNDLE_DONE : writer.unfit ? AQ_BUNDLE_UNFIT : AQ_BUNDLE_FAILED);
}

/* The daemon gets the listening socket as its standard input. */
_Noreturn static void become_daemon(int listener, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (dup2(listener, STDIN_FILENO) == STDIN_FILENO)
        execv(argv[0], argv);
    fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(AQ_BUNDLE_UNFIT);
}

/* A socket that listens before the daemon runs: a connection can be made at once. */
static int make_listener(int *disk)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *disk = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    umask(077);
    if (listener < 0 || *disk < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 1) < 0 || connect(*disk, (struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    unlink(SOCKET);
    return listener;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return AQ_BUNDLE_UNFIT;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        fputs("there is no end to it: its file system is probably damaged\n", stderr);
    return WIFEXITED(status) ? WEXITSTATUS(status) : AQ_BUNDLE_UNFIT;
}

int main(int argc, char **argv)
{
    int disk;
    pid_t owner = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc < 4 || getppid() != owner) {
        fputs("ext4-writer: this program is run by address-qemu\n", stderr);
        return AQ_BUNDLE_UNFIT;
    }
    int listener = make_listener(&disk);
    pid_t daemon = listener >= 0 ? fork() : -1;
    if (daemon == 0)
        become_daemon(listener, argv + 3);
    close(listener);
    pid_t worker = daemon > 0 ? fork() : -1;
    if (worker == 0)
        become_worker(disk, argv[1], (unsigned)strtoul(argv[2], NULL, 10));
    close(disk);
    int code = worker > 0 ? wait_for(worker) : AQ_BUNDLE_UNFIT;
    /* The daemon writes what it has not written yet when it is told to end. */
    if (daemon > 0 && kill(daemon, SIGTERM) == 0 && wait_for(daemon) != 0 && code == AQ_BUNDLE_DONE)
        code = AQ_BUNDLE_UNFIT;
    return code;
}
