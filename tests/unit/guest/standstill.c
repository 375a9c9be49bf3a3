/* SPDX-License-Identifier: MIT */
/* Freezing, repairing and thawing over the wire; what they do in a guest is shown by the tests with guests.
 */
#include "guest-server.h"
#include "test-wire.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "guest/standstill.h"

/* A guest by hand: what it is asked, it answers with these, in turn. */
struct answer {
    enum aq_wire_type asked, type;
    const void *payload;
    size_t length;
};

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* On a busy machine a clock is set once more after the thaw. */
static void keep_time(int fd, struct aq_wire_parser *parser, struct aq_wire_queue *queue, int64_t clock)
{
    char more;
    while (recv(fd, &more, 1, MSG_PEEK) > 0) {
        unsigned char told[8];
        struct aq_frame frame = next_frame(fd, parser);
        if (frame.type != AQ_WIRE_CLOCK)
            _exit(1);
        clock += (int64_t)aq_wire_get64(frame.payload);
        aq_wire_put64(told, (uint64_t)(nanoseconds() + clock));
        aq_wire_send(queue, AQ_WIRE_CLOCK, 0, frame.channel, told, sizeof told);
        send_queue(fd, queue);
    }
}

/* Its clock is an hour behind, until THAW moves it; what it was told goes back through `pipe`. */
__attribute__((noreturn)) static void be_guest(int fd, const struct answer *answers, int pipe)
{
    static struct aq_wire_parser parser = {.hunting = true};
    struct aq_wire_queue queue = {.bytes = space, .size = sizeof space};
    unsigned char hello[14] = {0};
    int64_t clock = -3600 * 1000000000LL;
    struct aq_frame frame = next_frame(fd, &parser);
    memcpy(hello, frame.payload, 12);
    aq_wire_send(&queue, AQ_WIRE_HELLO_ANSWER, 0, 0, hello, sizeof hello);
    if (answers->asked != AQ_WIRE_REPAIR) /* then both answers come at once */
        send_queue(fd, &queue);
    for (; answers->type != 0; answers++) {
        unsigned char told[12] = {0};
        frame = next_frame(fd, &parser);
        if (frame.type != answers->asked || write(pipe, frame.payload, frame.length) < 0)
            _exit(1);
        if (frame.type == AQ_WIRE_THAW)
            clock += (int64_t)aq_wire_get64(frame.payload);
        aq_wire_put64(told, (uint64_t)(nanoseconds() + clock));
        told[8] = 1;
        if (answers->payload != NULL)
            aq_wire_send(&queue, answers->type, 0, frame.channel, answers->payload, answers->length);
        else
            aq_wire_send(&queue, answers->type, 0, frame.channel, told, answers->length);
        send_queue(fd, &queue);
        if (answers->type == AQ_WIRE_THAWED)
            keep_time(fd, &parser, &queue, clock);
    }
    char rest[64];
    while (read(fd, rest, sizeof rest) > 0)
        ;
    _exit(0);
}

struct guest {
    int fd, told;
    pid_t pid;
};

static struct guest start_guest(const struct answer *answers)
{
    int ends[2], pipes[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    struct guest guest = {.fd = ends[0], .told = pipes[0], .pid = fork()};
    if (guest.pid == 0) {
        close(ends[0]);
        be_guest(ends[1], answers, pipes[1]);
    }
    close(ends[1]);
    close(pipes[1]);
    return guest;
}

static void end_guest(struct guest *guest, struct aq_channel *channel)
{
    int status;
    aq_channel_close(channel);
    close(guest->told);
    assert_int_equal(waitpid(guest->pid, &status, 0), guest->pid);
    assert_int_equal(status, 0);
}

static struct aq_identity make_identity(void)
{
    struct aq_identity identity = {.hostname = aq_strdup("web"), .file_count = 1};
    snprintf(identity.uuid, sizeof identity.uuid, "6f1f6a3e-0000-4000-8000-000000000001");
    snprintf(identity.machine_id, sizeof identity.machine_id, "0123456789abcdef0123456789abcdef");
    memset(identity.seed, 7, sizeof identity.seed);
    identity.files[0].path = aq_strdup("/etc/ssh/ssh_host_ed25519_key");
    identity.files[0].mode = 0600;
    aq_buffer_add_text(&identity.files[0].bytes, "KEY");
    return identity;
}

static void a_clone_is_given_all_ahead_and_goes_on_with_the_right_time(void **state)
{
    static const struct answer answers[] = {{AQ_WIRE_REPAIR, AQ_WIRE_REPAIRED, NULL, 8},
                                            {AQ_WIRE_THAW, AQ_WIRE_THAWED, NULL, 12},
                                            {0, 0, NULL, 0}};
    (void)state;
    struct aq_error err = {0};
    struct guest guest = start_guest(answers);
    aq_autoidentity struct aq_identity identity = make_identity();
    struct aq_channel *channel = aq_channel_open_clone(&(struct aq_channel_port){.fd = guest.fd}, &identity);
    bool stood_still = false;
    assert_ok(aq_channel_repaired(channel, aq_after_ms(20000), &stood_still, &err));
    assert_true(stood_still);

    unsigned char told[512];
    static const char wanted[] = "\1\0\0\0web\0"
                                 "0123456789abcdef0123456789abcdef\0"
                                 "6f1f6a3e-0000-4000-8000-000000000001\0"
                                 "/etc/ssh/ssh_host_ed25519_key\0\200\1\0\0\3\0\0\0KEY";
    ssize_t length = read(guest.told, told, sizeof told);
    assert_true(length >= (ssize_t)(64 + sizeof wanted - 1));
    for (int i = 0; i < 64; i++)
        assert_int_equal(told[i], 7);
    assert_memory_equal(told + 64, wanted, sizeof wanted - 1);
    if (length == 64 + sizeof wanted - 1) /* what THAW was told may come by itself */
        assert_int_equal(read(guest.told, told + length, 8), 8);
    int64_t by = (int64_t)aq_wire_get64(told + 64 + sizeof wanted - 1);
    assert_in_range(by, 3600 * 1000000000LL, 3700 * 1000000000LL);
    end_guest(&guest, channel);
}

static enum aq_error_code repair_with(const struct answer *answers)
{
    struct guest guest = start_guest(answers);
    struct aq_error why = {0};
    aq_autoidentity struct aq_identity identity = make_identity();
    struct aq_channel *channel = aq_channel_open_clone(&(struct aq_channel_port){.fd = guest.fd}, &identity);
    bool stood_still;
    assert_int_equal(aq_channel_repaired(channel, aq_after_ms(20000), &stood_still, &why), -1);
    end_guest(&guest, channel);
    return why.code;
}

static void a_repair_that_failed_is_no_repair(void **state)
{
    static const char refusal[] = "\36\0\0\0cannot write /etc/machine-id";
    static const struct answer refuses[] = {{AQ_WIRE_REPAIR, AQ_WIRE_ERROR, refusal, sizeof refusal}, {0}};
    static const struct answer cannot_thaw[] = {{AQ_WIRE_REPAIR, AQ_WIRE_REPAIRED, NULL, 8},
                                                {AQ_WIRE_THAW, AQ_WIRE_ERROR, refusal, sizeof refusal},
                                                {0}};
    static const struct answer stump[] = {{AQ_WIRE_REPAIR, AQ_WIRE_REPAIRED, "x", 1}, {0}};
    static const struct answer other[] = {{AQ_WIRE_REPAIR, AQ_WIRE_CLOCK, NULL, 8}, {0}};
    (void)state;
    assert_int_equal(repair_with(refuses), AQ_E_CLONE_UNREPAIRED);
    assert_int_equal(repair_with(cannot_thaw), AQ_E_GUEST_REFUSED);
    assert_int_equal(repair_with(stump), AQ_E_GUEST_PROTOCOL);
    assert_int_equal(repair_with(other), AQ_E_GUEST_PROTOCOL);
}

static int freeze_with(const void *answer, size_t length, struct aq_guest_frozen *frozen,
                       struct aq_error *why)
{
    const struct answer answers[] = {{AQ_WIRE_FREEZE, AQ_WIRE_FROZEN, answer, length}, {0}};
    struct guest guest = start_guest(answers);
    struct aq_channel *channel = aq_channel_open_helper(&(struct aq_channel_port){.fd = guest.fd});
    int done = aq_guest_freeze(channel, 1000, aq_after_ms(20000), frozen, why);
    end_guest(&guest, channel);
    return done;
}

static void what_is_frozen_is_told(void **state)
{
    static const char closed[] = "\1\0\0\0\3\0\0\0\0/etc/ssh/ssh_host_rsa_key\0/etc/dropbear/k";
    static const char open[] = "\0\0\0\0\1\0\0\0cat (12) \33 waits";
    (void)state;
    struct aq_error err = {0};
    aq_autofrozen struct aq_guest_frozen frozen = {0};
    assert_ok(freeze_with(closed, sizeof closed, &frozen, &err));
    assert_true(frozen.closed);
    assert_int_equal(frozen.keys.count, 2);
    assert_string_equal(frozen.keys.items[1], "/etc/dropbear/k");
    aq_autofrozen struct aq_guest_frozen not_frozen = {0};
    assert_ok(freeze_with(open, sizeof open, &not_frozen, &err));
    assert_false(not_frozen.closed);
    assert_string_equal(not_frozen.why, "cat (12) ? waits");
    assert_int_equal(not_frozen.keys.count, 0);
}

static void what_cannot_be_frozen_is_not_believed(void **state)
{
    static const struct {
        const char *payload;
        size_t length;
    } wrong[] = {
        {"\1\0\0\0\1\0\0\0", 8},                  /* no reason at all */
        {"\1\0\0\0\1\0\0\0x", 9},                 /* one that does not end */
        {"\1\0\0\0\0\0\0\0\0", 9},                /* not even one string */
        {"\1\0\0\0\2\0\0\0\0", 9},                /* fewer than it says */
        {"\1\0\0\0\2\0\0\0\0relative", 18},       /* not a path */
        {"\1\0\0\0\377\377\377\377\0/etc/x", 16}, /* more than there can be */
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        aq_autofrozen struct aq_guest_frozen frozen = {0};
        struct aq_error err = {0};
        assert_fails(freeze_with(wrong[i].payload, wrong[i].length, &frozen, &err), AQ_E_GUEST_PROTOCOL);
    }
}

/* Our server, at the end of a socket, is in no virtual machine: nothing may be frozen or renamed there. */
static void only_a_virtual_machine_is_frozen(void **state)
{
    const struct helper_fixture *fixture = *state;
    aq_autofrozen struct aq_guest_frozen frozen = {0};
    struct aq_error err = {0};
    assert_fails(aq_guest_freeze(fixture->channel, 1000, aq_after_ms(20000), &frozen, &err),
                 AQ_E_GUEST_REFUSED);
    assert_fails(aq_guest_prepare_freeze(fixture->channel, aq_after_ms(20000), &err), AQ_E_GUEST_REFUSED);
    assert_fails(aq_guest_thaw(fixture->channel, aq_after_ms(20000), &err), AQ_E_GUEST_REFUSED);
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(20000), &err));
}

static void an_agent_cannot_freeze(void **state)
{
    int ends[2];
    struct aq_error err = {0};
    aq_autofrozen struct aq_guest_frozen frozen = {0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct aq_channel *channel = aq_channel_open_agent(&(struct aq_channel_port){.fd = ends[0]});
    assert_fails(aq_guest_freeze(channel, 1000, aq_after_ms(1000), &frozen, &err), AQ_E_NOT_SUPPORTED);
    aq_channel_close(channel);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clone_is_given_all_ahead_and_goes_on_with_the_right_time),
        cmocka_unit_test(a_repair_that_failed_is_no_repair),
        cmocka_unit_test(what_is_frozen_is_told),
        cmocka_unit_test(what_cannot_be_frozen_is_not_believed),
        cmocka_unit_test_setup_teardown(only_a_virtual_machine_is_frozen, open_fixture, close_fixture),
        cmocka_unit_test(an_agent_cannot_freeze),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
