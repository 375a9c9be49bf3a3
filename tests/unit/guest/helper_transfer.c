/* SPDX-License-Identifier: MIT */
/* Files through the helper: the real server over a socketpair. */
#include "guest-server.h"
#include "put.h"
#include "test-files.h"
#include "test-wire.h"

#include "guest/helper_session.h"

static char here[3000];

static const char *in_here(const char *name)
{
    static char path[3200];
    snprintf(path, sizeof path, "%s/%s", here, name);
    return path;
}

static void puts_and_gets_files(void **state)
{
    static const size_t sizes[] = {0, 1, 65536, 262144, 10000019};
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    for (size_t i = 0; i < 5; i++) {
        char name[32];
        struct stat status;
        struct aq_guest_file file;
        snprintf(name, sizeof name, "made/deep/%zu", i);
        aq_autoclose int fd = make_file("source", sizes[i]);
        struct aq_guest_put put = {.fd = fd, .path = in_here(name), .mode = 0640, .make_folders = true};
        assert_ok(aq_channel_put(fixture->channel, &put, &err));
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0640);
        aq_autoclose int back = open("back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct aq_guest_get get = {.path = in_here(name), .fd = back};
        assert_ok(aq_channel_get(fixture->channel, &get, &file, &err));
        assert_int_equal(file.size, sizes[i]);
        assert_int_equal(file.mode, 0640);
        assert_same_contents(fd, back);
    }
    assert_only("made/deep", 5);
}

static void replaces_what_is_there(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    struct stat status;
    mkdir("replaced", 0755);
    aq_autoclose int old = make_file("replaced/file", 5);
    aq_autoclose int fd = make_file("source", 100);
    assert_int_equal(symlink("file", "replaced/link"), 0);
    assert_ok(aq_channel_put(fixture->channel,
                             &(struct aq_guest_put){.fd = fd, .path = in_here("replaced/link")}, &err));
    assert_int_equal(lstat("replaced/link", &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(stat("replaced/file", &status), 0);
    assert_int_equal(status.st_size, 5);
    assert_ok(aq_channel_put(fixture->channel,
                             &(struct aq_guest_put){.fd = fd, .path = in_here("replaced/file")}, &err));
    assert_int_equal(stat("replaced/file", &status), 0);
    assert_int_equal(status.st_size, 100);
    assert_int_equal(status.st_mode & 07777, 0644);
    assert_only("replaced", 2);
}

static void gives_the_file_to_its_owner(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    struct stat status;
    if (geteuid() != 0)
        skip();
    static const struct {
        const char *owner;
        uid_t uid;
        gid_t gid;
    } cases[] = {{"daemon", 1, 0},     {"daemon:", 1, 1}, {":bin", 0, 2},
                 {"daemon:bin", 1, 2}, {"77:78", 77, 78}, {"", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aq_autoclose int fd = make_file("source", 3);
        struct aq_guest_put put = {
            .fd = fd, .path = in_here("owned"), .owner = cases[i].owner, .mode = 04755};
        assert_ok(aq_channel_put(fixture->channel, &put, &err));
        assert_int_equal(stat("owned", &status), 0);
        assert_int_equal(status.st_uid, cases[i].uid);
        assert_int_equal(status.st_gid, cases[i].gid);
        assert_int_equal(status.st_mode & 07777, 04755);
    }
}

static void says_how_much_was_sent(void **state)
{
    check_says_how_much_was_sent(((struct helper_fixture *)*state)->channel, here);
}

static void refuses_files_that_cannot_be(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_channel *channel = fixture->channel;
    struct aq_error err = {0};
    aq_autoclose int fd = make_file("source", 10);
    mkdir("odd", 0755);
    mkdir("odd/folder", 0755);
    mkfifo("odd/fifo", 0600);
#define try_put(name, code)                                                                                  \
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = in_here(name)}, &err), code)
#define try_get(name, code)                                                                                  \
    assert_fails(                                                                                            \
        aq_channel_get(channel, &(struct aq_guest_get){.fd = fd, .path = in_here(name)}, NULL, &err), code)
    try_put("odd/folder", AQ_E_GUEST_REFUSED);
    try_put("odd/folder/", AQ_E_GUEST_REFUSED);
    try_put("odd/fifo", AQ_E_GUEST_REFUSED);
    try_put("odd/none/file", AQ_E_GUEST_FILE_NOT_FOUND);
    try_put("source/file", AQ_E_GUEST_FILE_NOT_FOUND);
    try_get("odd/folder", AQ_E_GUEST_REFUSED);
    try_get("odd/fifo", AQ_E_GUEST_REFUSED);
    try_get("odd/none", AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(
        aq_channel_put(channel,
                       &(struct aq_guest_put){.fd = fd, .path = in_here("odd/x"), .owner = "no-such"}, &err),
        AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = "relative"}, &err),
                 AQ_E_VALUE_INVALID);
    assert_fails(aq_channel_get(channel,
                                &(struct aq_guest_get){.fd = fd, .path = in_here("source"), .limit = 9}, NULL,
                                &err),
                 AQ_E_LIMIT_EXCEEDED);
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = -1, .path = in_here("odd/x")}, &err),
                 AQ_E_IO);
    assert_fails(
        aq_channel_get(channel, &(struct aq_guest_get){.fd = -1, .path = in_here("source")}, NULL, &err),
        AQ_E_IO);
    assert_only("odd", 2);
    assert_ok(aq_channel_ping(channel, aq_after_ms(20000), &err));
}

/* Many files in flight at once, as a folder that is copied has them. */
static void carries_many_files_at_once(void **state)
{
    enum { COUNT = 64 };
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    static struct aq_guest_put puts[COUNT];
    static struct aq_helper_operation operations[COUNT];
    static char paths[COUNT][3200];
    mkdir("many", 0755);
    aq_autoclose int fd = make_file("source", 300000);
    assert_ok(aq_channel_ready(fixture->channel, aq_after_ms(20000), &err));
    for (int i = 0; i < COUNT; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/many/%d", here, i);
        puts[i] = (struct aq_guest_put){.fd = fd, .path = paths[i], .mode = 0600, .owner = ""};
        operations[i] = (struct aq_helper_operation){
            .kind = &aq_helper_put_kind, .deadline = AQ_FOREVER, .put = &puts[i]};
    }
    assert_ok(aq_helper_run((struct aq_helper *)fixture->channel, operations, COUNT, &err));
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(operations[i].error.code, AQ_OK);
        aq_autoclose int made = open(paths[i], O_RDONLY | O_CLOEXEC);
        assert_same_contents(fd, made);
    }
    assert_only("many", COUNT);
}

static void gives_up_a_transfer_at_its_deadline(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    mkdir("late", 0755);
    aq_autoclose int fd = make_file("source", 10);
    assert_int_equal(ftruncate(fd, 1LL << 40), 0); /* nothing could be sent in the time */
    struct aq_guest_put put = {.fd = fd, .path = in_here("late/file"), .deadline = aq_after_ms(300)};
    assert_fails(aq_channel_put(fixture->channel, &put, &err), AQ_E_TIMEOUT);
    aq_autoclose int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct aq_guest_get get = {.fd = nothing, .path = in_here("source"), .deadline = aq_after_ms(300)};
    assert_fails(aq_channel_get(fixture->channel, &get, NULL, &err), AQ_E_TIMEOUT);
    assert_only("late", 0);
    assert_int_equal(unlink("source"), 0);
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(20000), &err));
}

/* --- the protocol by hand --- */

static void start_put_by_hand(int fd, struct aq_wire_queue *queue, const char *path)
{
    unsigned char request[4096] = {0};
    aq_wire_put32(request, 0600);
    size_t length = strlen(path) + 1;
    memcpy(request + 8, path, length);
    aq_wire_send(queue, AQ_WIRE_PUT, 0, 7, request, 8 + length + 1);
    aq_wire_send(queue, AQ_WIRE_DATA, 0, 7, "contents", 8);
    send_queue(fd, queue);
}

/* What was sent and what the sender says of it differ: no file, and the code for it. */
static void a_wrong_sum_leaves_no_file(void **state)
{
    static struct aq_wire_parser parser;
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    struct test_server server = start_server();
    unsigned char done[16] = {8};
    (void)state;
    mkdir("sums", 0755);
    parser = (struct aq_wire_parser){.hunting = true};
    greet_by_hand(server.fd, &queue, &parser);
    start_put_by_hand(server.fd, &queue, in_here("sums/file"));
    aq_wire_put32(done + 8, aq_crc32(0, "contents", 8) ^ 1);
    aq_wire_send(&queue, AQ_WIRE_DONE, 0, 7, done, sizeof done);
    send_queue(server.fd, &queue);
    struct aq_frame frame = next_frame(server.fd, &parser);
    assert_int_equal(frame.type, AQ_WIRE_ERROR);
    assert_int_equal(aq_wire_get32(frame.payload), 74); /* EBADMSG */
    assert_only("sums", 0);
    assert_server_ends(&server);
}

/* While the file is put in its place nothing more may come for it. */
static void data_after_the_end_ends_the_session(void **state)
{
    static struct aq_wire_parser parser;
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    struct test_server server = start_server();
    unsigned char done[16] = {0};
    (void)state;
    mkdir("ends", 0755);
    parser = (struct aq_wire_parser){.hunting = true};
    greet_by_hand(server.fd, &queue, &parser);
    start_put_by_hand(server.fd, &queue, in_here("ends/file"));
    aq_wire_put64(done, 8);
    aq_wire_put32(done + 8, aq_crc32(0, "contents", 8));
    aq_wire_send(&queue, AQ_WIRE_DONE, 0, 7, done, sizeof done);
    aq_wire_send(&queue, AQ_WIRE_DATA, 0, 7, "more", 4);
    send_queue(server.fd, &queue);
    struct aq_frame frame = next_frame(server.fd, &parser);
    assert_int_equal(frame.type, AQ_WIRE_HELLO_ANSWER);
    assert_server_ends(&server);
}

/* One bit turned on the way: the session is over, the host is told, and there is no file. */
static void a_damaged_frame_leaves_no_file(void **state)
{
    static struct aq_wire_parser parser;
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    struct test_server server = start_server();
    (void)state;
    mkdir("damaged", 0755);
    parser = (struct aq_wire_parser){.hunting = true};
    greet_by_hand(server.fd, &queue, &parser);
    start_put_by_hand(server.fd, &queue, in_here("damaged/file"));
    aq_wire_send(&queue, AQ_WIRE_DATA, 0, 7, "more", 4);
    queue.bytes[queue.end - 2] ^= 4;
    send_queue(server.fd, &queue);
    struct aq_frame frame = next_frame(server.fd, &parser);
    assert_int_equal(frame.type, AQ_WIRE_HELLO_ANSWER);
    assert_int_equal(aq_wire_get64(frame.payload), 0);
    assert_only("damaged", 0);
    greet_by_hand(server.fd, &queue, &parser);
    assert_server_ends(&server);
}

/* A guest whose bytes are not those that it sums up. */
static void notices_that_a_fetched_file_is_not_what_was_sent(void **state)
{
    struct aq_error err = {0};
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    pid_t guest = fork();
    if (guest == 0) {
        static struct aq_wire_parser parser = {.hunting = true};
        struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
        unsigned char answer[14] = {0};
        unsigned char done[16] = {5};
        struct aq_frame frame = next_frame(ends[1], &parser);
        memcpy(answer, frame.payload, 12);
        aq_wire_send(&queue, AQ_WIRE_HELLO_ANSWER, 0, 0, answer, sizeof answer);
        send_queue(ends[1], &queue);
        frame = next_frame(ends[1], &parser);
        aq_wire_send(&queue, AQ_WIRE_DATA, 0, frame.channel, "fives", 5);
        aq_wire_send(&queue, AQ_WIRE_DONE, 0, frame.channel, done, sizeof done);
        send_queue(ends[1], &queue);
        _exit(0);
    }
    close(ends[1]);
    aq_autochannel struct aq_channel *channel =
        aq_channel_open_helper(&(struct aq_channel_port){.fd = ends[0]});
    aq_autoclose int back = open("back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_fails(aq_channel_get(channel, &(struct aq_guest_get){.fd = back, .path = "/file"}, NULL, &err),
                 AQ_E_TRANSFER_CORRUPT);
    waitpid(guest, NULL, 0);
}

#define with_server(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(puts_and_gets_files),
        with_server(replaces_what_is_there),
        with_server(gives_the_file_to_its_owner),
        with_server(says_how_much_was_sent),
        with_server(refuses_files_that_cannot_be),
        with_server(carries_many_files_at_once),
        with_server(gives_up_a_transfer_at_its_deadline),
        cmocka_unit_test(a_wrong_sum_leaves_no_file),
        cmocka_unit_test(data_after_the_end_ends_the_session),
        cmocka_unit_test(a_damaged_frame_leaves_no_file),
        cmocka_unit_test(notices_that_a_fetched_file_is_not_what_was_sent),
    };
    if (getcwd(here, sizeof here) == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
