/* SPDX-License-Identifier: MIT */
/*
 * The protocol broken at random points, both ways, and found again: a process between the real host code and
 * the real server damages what it passes on. The seeds are fixed, so a failure can be had again.
 */
#include "guest-server.h"
#include "test-files.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "guest/helper_session.h"

#define SEEDS 400
#define WORKERS 4 /* most of the time is spent waiting */
#define FILE_SIZE 200000

static char here[3000];
static unsigned worker;

/* What happens to one direction, once. */
struct fault {
    long at; /* the byte before which it happens */
    enum { FLIP, DROP, INSERT } kind;
    int length;
};

static void pass_all(int to, const char *bytes, ssize_t length)
{
    for (ssize_t sent; length > 0; bytes += sent, length -= sent)
        if ((sent = send(to, bytes, (size_t)length, MSG_NOSIGNAL)) <= 0)
            _exit(0);
}

static void apply(struct fault *fault, int to, char *bytes, ssize_t length, long position)
{
    static char noise[70000];
    ssize_t before = fault->at - position;
    if (fault->at < position || before >= length) {
        pass_all(to, bytes, length);
        return;
    }
    pass_all(to, bytes, before);
    if (fault->kind == FLIP)
        bytes[before] ^= 0x10;
    if (fault->kind == INSERT) {
        for (int i = 0; i < fault->length; i++)
            noise[i] = (char)random();
        pass_all(to, noise, fault->length);
    }
    ssize_t skipped = fault->kind == DROP ? fault->length : 0;
    if (skipped > length - before)
        skipped = length - before;
    pass_all(to, bytes + before + skipped, length - before - skipped);
}

__attribute__((noreturn)) static void damage(const int ends[2], struct fault faults[2])
{
    static char bytes[65536];
    long positions[2] = {0};
    struct pollfd polls[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}};
    for (;;) {
        poll(polls, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (polls[i].revents == 0)
                continue;
            ssize_t got = read(ends[i], bytes, sizeof bytes);
            if (got <= 0)
                _exit(0);
            apply(&faults[i], ends[1 - i], bytes, got, positions[i]);
            positions[i] += got;
        }
    }
}

static struct fault choose_fault(void)
{
    struct fault fault = {.at = 66000 + random() % 300000,
                          .length = 1 + (int)(random() % 3 == 0 ? random() % 70000 : random() % 40)};
    fault.kind = (int)(random() % 3);
    if (random() % 8 == 0)
        fault.at = random() % 66000; /* in the greeting itself */
    return fault;
}

/* One put, get and exec: true if all went well; a result that is wrong although it is called right fails the
 * test. */
static bool work(struct aq_channel *channel, int source, const char *name)
{
    struct aq_error err = {0};
    char path[3200];
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_autoclose int back = open("back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    snprintf(path, sizeof path, "%s/target/%s", here, name);
    struct aq_guest_put put = {.fd = source, .path = path, .deadline = aq_after_ms(20000)};
    if (aq_channel_put(channel, &put, &err) < 0)
        return false;
    struct aq_guest_get get = {.fd = back, .path = path, .deadline = aq_after_ms(20000)};
    if (aq_channel_get(channel, &get, NULL, &err) < 0)
        return false;
    assert_same_contents(source, back);
    const char *const argv[] = {"echo", "said", NULL};
    struct aq_guest_exec exec = {.argv = argv, .capture_limit = 100, .deadline = aq_after_ms(20000)};
    if (aq_channel_exec(channel, &exec, &exit, &err) < 0)
        return false;
    assert_string_equal(aq_buffer_text(&exit.output), "said\n");
    assert_int_equal(exit.exit_code, 0);
    return true;
}

/* Files are there whole or not at all, and nothing else is. */
static void assert_target_clean(int source)
{
    DIR *list = opendir("target");
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        aq_autoclose int fd = openat(dirfd(list), entry->d_name, O_RDONLY | O_CLOEXEC);
        assert_true(entry->d_name[0] != '.');
        assert_same_contents(source, fd);
        unlinkat(dirfd(list), entry->d_name, 0);
    }
    closedir(list);
}

static bool survive(unsigned seed, int source)
{
    struct aq_error err = {0};
    int ends[2];
    struct test_server server = start_server();
    srandom(seed);
    struct fault faults[2] = {choose_fault(), choose_fault()};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t between = fork();
    if (between == 0) {
        close(ends[0]);
        damage((const int[2]){ends[1], server.fd}, faults);
    }
    close(ends[1]);
    close(server.fd);
    server.fd = ends[0];
    struct aq_channel *channel = open_helper_on(&server);
    ((struct aq_helper *)channel)->ping_after_ms = 50;
    ((struct aq_helper *)channel)->patience_ms = 150;
    bool unharmed = work(channel, source, "first");
    bool again = false; /* the second fault may strike meanwhile, and a busy machine may lose its patience */
    for (int tries = 0; tries < 60 && !again; tries++)
        again = work(channel, source, "again");
    if (!again)
        fail_msg("seed %u: not found again", seed);
    assert_ok(aq_channel_ping(channel, aq_after_ms(20000), &err));
    aq_channel_close(channel);
    assert_server_ends(&server);
    waitpid(between, NULL, 0);
    assert_target_clean(source);
    return unharmed;
}

static void every_broken_session_is_found_again(void **state)
{
    int harmed = 0;
    aq_autoclose int source = make_file("source", FILE_SIZE);
    (void)state;
    mkdir("target", 0755);
    for (unsigned seed = 1 + worker; seed <= SEEDS; seed += WORKERS)
        harmed += !survive(seed, source);
    print_message("%d of %d sessions were broken\n", harmed, SEEDS / WORKERS);
    assert_true(harmed > SEEDS / WORKERS / 2);
}

/* Each worker is a run of its own, in a folder of its own. */
static int run_worker(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_broken_session_is_found_again)};
    char folder[16];
    snprintf(folder, sizeof folder, "worker%u", worker);
    if (mkdir(folder, 0755) < 0 || chdir(folder) < 0 || getcwd(here, sizeof here) == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    int failed = 0;
    int status;
    for (worker = 0; worker < WORKERS; worker++)
        if (fork() == 0)
            exit(run_worker() != 0);
    while (wait(&status) > 0)
        failed |= status != 0;
    return failed;
}
