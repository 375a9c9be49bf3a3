/* SPDX-License-Identifier: MIT */
#include "guest/server/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest/server/host_keys.h"
#include "guest/wire.h"

#define SEED_SIZE 64
#define FILES_MAX 32
#define RANDOM_SEED_SIZE 512
#define SHADOW_FOLDER "/run/address-qemu/identity"

/* A request, taken apart. Strings and bytes point into it. */
struct repair {
    const unsigned char *seed;
    const char *hostname, *machine_id, *uuid;
    unsigned count;
    struct file {
        const char *path;
        mode_t mode;
        size_t length;
        const unsigned char *bytes;
    } files[FILES_MAX];
};

static char failure[512];

static bool fail(const char *doing, const char *object)
{
    int saved = errno;
    snprintf(failure, sizeof failure, "%s%s%s", doing, object[0] != '\0' ? " " : "", object);
    errno = saved;
    return false;
}

static bool take_number(const unsigned char **from, const unsigned char *end, uint32_t *number)
{
    if (end - *from < 4)
        return false;
    *number = aq_wire_get32(*from);
    *from += 4;
    return true;
}

static bool take_file(const unsigned char **from, const unsigned char *end, struct file *file)
{
    uint32_t mode, length;
    file->path = aq_wire_string(from, end);
    if (file->path == NULL || file->path[0] != '/' || !take_number(from, end, &mode) ||
        !take_number(from, end, &length) || length > (size_t)(end - *from))
        return false;
    file->mode = mode & 0777;
    file->length = length;
    file->bytes = *from;
    *from += length;
    return true;
}

static bool parse(const unsigned char *from, size_t length, struct repair *repair)
{
    const unsigned char *end = from + length;
    if (length < SEED_SIZE)
        return false;
    repair->seed = from;
    from += SEED_SIZE;
    if (!take_number(&from, end, &repair->count) || repair->count > FILES_MAX)
        return false;
    repair->hostname = aq_wire_string(&from, end);
    repair->machine_id = aq_wire_string(&from, end);
    repair->uuid = aq_wire_string(&from, end);
    if (repair->hostname == NULL || repair->machine_id == NULL || repair->uuid == NULL)
        return false;
    for (unsigned i = 0; i < repair->count; i++)
        if (!take_file(&from, end, &repair->files[i]))
            return false;
    return true;
}

/* The kernel mixes the bytes in, and begins anew with what comes of that: what any program draws from now on
   is this clone's own. (Source: random(4).) */
static bool seed_kernel(const unsigned char *seed)
{
    union {
        struct rand_pool_info info;
        unsigned char bytes[sizeof(struct rand_pool_info) + SEED_SIZE];
    } pool = {.info = {.entropy_count = SEED_SIZE * 8, .buf_size = SEED_SIZE}};
    memcpy(pool.info.buf, seed, SEED_SIZE);
    int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    bool done = fd >= 0 && ioctl(fd, RNDADDENTROPY, &pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
    int saved = errno;
    explicit_bzero(&pool, sizeof pool);
    if (fd >= 0)
        close(fd);
    errno = saved;
    return done || fail("cannot seed the random numbers of the guest's kernel", "");
}

/* In place: whoever owns the file, and what else is noted of it, stays. */
static bool overwrite(const char *path, mode_t mode, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    bool done = pwrite(fd, bytes, length, 0) == (ssize_t)length && ftruncate(fd, (off_t)length) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return done;
}

/* Where the file system cannot be written, a file of ours is put in front of the one that is there. */
static bool write_file(const char *path, mode_t mode, const void *bytes, size_t length)
{
    static unsigned number;
    char shadow[64];
    if (overwrite(path, mode, bytes, length))
        return true;
    if (errno == EROFS) {
        mkdir("/run/address-qemu", 0755);
        mkdir(SHADOW_FOLDER, 0700);
        snprintf(shadow, sizeof shadow, SHADOW_FOLDER "/%u", number++);
        if (overwrite(shadow, mode, bytes, length) && mount(shadow, path, NULL, MS_BIND, NULL) == 0)
            return true;
    }
    return fail("cannot write", path);
}

/* Only where there is one: a guest that has none gets none. */
static bool rewrite(const char *path, mode_t mode, const void *bytes, size_t length)
{
    struct stat file;
    if (stat(path, &file) < 0 || !S_ISREG(file.st_mode))
        return true;
    return write_file(path, mode, bytes, length);
}

static bool set_names(const struct repair *repair)
{
    char line[256];
    struct stat file;
    if (sethostname(repair->hostname, strlen(repair->hostname)) < 0)
        return fail("cannot set the host name", "");
    /* An empty one, or none, leaves it to the SMBIOS. */
    snprintf(line, sizeof line, "%s\n", repair->hostname);
    if (stat("/etc/hostname", &file) == 0 && file.st_size > 0 &&
        !rewrite("/etc/hostname", 0644, line, strlen(line)))
        return false;
    snprintf(line, sizeof line, "%s\n", repair->machine_id);
    if (!rewrite("/etc/machine-id", 0444, line, strlen(line)))
        return false;
    return lstat("/var/lib/dbus/machine-id", &file) < 0 || !S_ISREG(file.st_mode) ||
           rewrite("/var/lib/dbus/machine-id", 0444, line, strlen(line));
}

/* What the next start of this guest begins its random numbers with. */
static bool renew_random_seed(void)
{
    unsigned char bytes[RANDOM_SEED_SIZE];
    struct stat file;
    if (stat("/var/lib/systemd/random-seed", &file) < 0)
        return true;
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return fail("cannot draw random numbers", "");
    return rewrite("/var/lib/systemd/random-seed", 0600, bytes, sizeof bytes);
}

/* Last: what says that all of the above is this machine's own. Where it is another's, or has not reached the
   disk, the next start of a base that we have built begins with a new identity. */
static bool set_mark(const struct repair *repair)
{
    char line[64];
    snprintf(line, sizeof line, "%s\n", repair->uuid);
    return rewrite("/var/lib/address-qemu/uuid", 0644, line, strlen(line));
}

static bool do_all(const struct repair *repair)
{
    if (!seed_kernel(repair->seed) || !set_names(repair))
        return false;
    for (unsigned i = 0; i < repair->count; i++)
        if (!write_file(repair->files[i].path, repair->files[i].mode, repair->files[i].bytes,
                        repair->files[i].length))
            return false;
    aq_host_keys_renewed();
    return renew_random_seed() && set_mark(repair);
}

bool aq_repair(const unsigned char *request, size_t length, const char **what)
{
    struct repair repair = {0};
    *what = "the request cannot be read";
    errno = EINVAL;
    if (!parse(request, length, &repair))
        return false;
    *what = failure;
    return do_all(&repair);
}

void aq_repair_keep(void)
{
    pid_t pid = fork();
    if (pid != 0)
        return;
    close_range(0, ~0U, 0);
    sync();
    _exit(0);
}

uint64_t aq_repair_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool aq_repair_clock(int64_t nanoseconds)
{
    uint64_t time = aq_repair_time() + (uint64_t)nanoseconds;
    const struct timespec now = {.tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000)};
    return nanoseconds == 0 || clock_settime(CLOCK_REALTIME, &now) == 0;
}
