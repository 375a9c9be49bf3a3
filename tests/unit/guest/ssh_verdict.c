/* SPDX-License-Identifier: MIT */
/* Why there is no way in through SSH: each cause is named, soon, and nothing is said to a stranger. */
#include "test.h"

#include "sshd.h"
#include "test-socket.h"

static int try_target(const struct aq_ssh_target *target, int64_t wait_ms, struct aq_error *err)
{
    struct aq_channel *channel = aq_channel_open_ssh(target);
    int result = aq_channel_ready(channel, aq_after_ms(wait_ms), err);
    aq_channel_close(channel);
    return result;
}

static struct test_sshd *sshd_of(void **state)
{
    return &((struct ssh_fixture *)*state)->sshd;
}

static void assert_log_lacks(const char *text)
{
    char log[65536];
    int fd = open("sshd.log", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, log, sizeof log);
    close(fd);
    assert_true(length >= 0 && memmem(log, (size_t)length, text, strlen(text)) == NULL);
}

static void a_pinned_key_is_let_pass(void **state)
{
    struct aq_error err = {0};
    assert_ok(try_target(&sshd_of(state)->target, 60000, &err));
}

static void a_changed_host_key_is_refused(void **state)
{
    struct test_sshd *sshd = sshd_of(state);
    struct aq_error err = {0};
    make_key("other_key", "ed25519");
    pin_key(&sshd->target, "other_key.pub");
    write_text_file("sshd.log", "");
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_HOST_KEY_CHANGED);
    assert_log_lacks("publickey"); /* the key was not even offered */
    pin_key(&sshd->target, "host_key.pub");
}

/* Only a key of the pinned type is asked for: another that the server has as well does not count. */
static void another_type_of_key_is_not_taken(void **state)
{
    struct test_sshd *sshd = sshd_of(state);
    struct aq_error err = {0};
    make_key("ecdsa_key", "ecdsa");
    pin_key(&sshd->target, "ecdsa_key.pub");
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_PROTOCOL);
    pin_key(&sshd->target, "host_key.pub");
}

static void an_unknown_host_key_is_refused(void **state)
{
    struct test_sshd *sshd = sshd_of(state);
    struct aq_error err = {0};
    struct aq_strings pins = sshd->target.pins;
    sshd->target.pins = (struct aq_strings){0};
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_HOST_KEY_UNKNOWN);
    /* Its fingerprint is enough to know it by. */
    aq_ssh_pin_fingerprint(pins.items[0], sshd->target.fingerprint);
    assert_true(aq_ssh_is_fingerprint(sshd->target.fingerprint));
    assert_ok(try_target(&sshd->target, 60000, &err));
    sshd->target.fingerprint[10] ^= 1;
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_HOST_KEY_CHANGED);
    sshd->target.fingerprint[0] = '\0';
    sshd->target.pins = pins;
}

static void a_key_that_opens_nothing_is_told(void **state)
{
    struct test_sshd *sshd = sshd_of(state);
    struct aq_error err = {0};
    char *own = sshd->target.key_file;
    make_key("stranger", "ed25519");
    sshd->target.key_file = (char *)(uintptr_t) "stranger";
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_KEY_REFUSED);
    make_key("rsa", "rsa");
    sshd->target.key_file = (char *)(uintptr_t) "rsa";
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_KEY_REFUSED);
    sshd->target.key_file = own;
    char *user = sshd->target.user;
    sshd->target.user = (char *)(uintptr_t) "no-such-user";
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_KEY_REFUSED);
    sshd->target.user = user;
}

static void a_key_that_is_none_is_told(void **state)
{
    struct test_sshd *sshd = sshd_of(state);
    struct aq_error err = {0};
    char *own = sshd->target.key_file;
    const char *const locked[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", "locked", NULL};
    run_program(locked);
    const char *const pem[] = {"ssh-keygen", "-q",     "-t", "rsa",        "-m", "PEM",
                               "-N",         "secret", "-f", "locked-pem", NULL};
    run_program(pem);
    write_text_file("text", "no key\n");
    const struct {
        const char *file;
        enum aq_error_code code;
    } cases[] = {{"nowhere", AQ_E_FILE_NOT_FOUND},  {"text", AQ_E_SSH_KEY_UNUSABLE},
                 {"locked", AQ_E_SSH_KEY_UNUSABLE}, {"locked-pem", AQ_E_SSH_KEY_UNUSABLE},
                 {"/etc", AQ_E_FILE_KIND},          {"host_key.pub", AQ_E_SSH_KEY_UNUSABLE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sshd->target.key_file = (char *)(uintptr_t)cases[i].file;
        assert_fails(try_target(&sshd->target, 60000, &err), cases[i].code);
    }
    sshd->target.key_file = own;
    assert_int_equal(chmod(own, 0644), 0);
    assert_fails(try_target(&sshd->target, 60000, &err), AQ_E_SSH_KEY_UNUSABLE);
    assert_int_equal(chmod(own, 0600), 0);
}

/* Says that and then no more. */
static void assert_verdict(void **state, const char *said, int64_t wait_ms, enum aq_error_code code)
{
    struct aq_error err = {0};
    struct aq_ssh_target target = sshd_of(state)->target;
    struct speaker speaker = start_speaker(said);
    target.address.port = speaker.port;
    assert_fails(try_target(&target, wait_ms, &err), code);
    stop_speaker(&speaker);
}

static void what_is_no_ssh_server_is_told(void **state)
{
    assert_verdict(state, "", 800, AQ_E_SSH_SILENT);
    assert_verdict(state, "220 mail ready\r\n", 800, AQ_E_SSH_PROTOCOL);
    assert_verdict(state, "SSH-2.0-silent\r\n", 800, AQ_E_SSH_SILENT);
    assert_verdict(state, "SSH-1.5-old\r\n", 60000, AQ_E_SSH_PROTOCOL);
    assert_verdict(state, "SSH-2.0-noise\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                   60000, AQ_E_SSH_PROTOCOL);
}

static void a_closed_port_is_told(void **state)
{
    struct aq_error err = {0};
    struct aq_ssh_target target = sshd_of(state)->target;
    target.address.port = free_port();
    target.address.booting = false;
    assert_fails(try_target(&target, 60000, &err), AQ_E_SSH_CLOSED);
    target.address.booting = true;
    assert_fails(try_target(&target, 700, &err), AQ_E_SSH_CLOSED);
}

/* A server that is in a machine of ours goes with it. */
static void a_machine_that_has_ended_is_told(void **state)
{
    struct ssh_fixture *fixture = *state;
    struct aq_ssh_target target = fixture->sshd.target;
    struct speaker speaker = start_speaker("SSH-2.0-silent\r\n");
    pid_t machine = fork();
    if (machine == 0) {
        pause();
        _exit(0);
    }
    assert_true(aq_process_identify(machine, &target.machine));
    struct aq_error err = {0};
    target.address.port = free_port();
    target.address.booting = false;
    assert_fails(try_target(&target, 60000, &err), AQ_E_SSH_CLOSED); /* it lives */
    target.address.port = speaker.port;
    pid_t killer = fork();
    if (killer == 0) {
        usleep(300000);
        kill(machine, SIGKILL);
        _exit(0);
    }
    assert_fails(try_target(&target, 60000, &err), AQ_E_VM_NOT_RUNNING); /* it ends while it is waited for */
    target.address.port = free_port();
    assert_fails(try_target(&target, 60000, &err), AQ_E_VM_NOT_RUNNING);
    target.address.booting = true;
    assert_fails(try_target(&target, 60000, &err), AQ_E_VM_NOT_RUNNING);
    stop_speaker(&speaker);
    waitpid(machine, NULL, 0);
    waitpid(killer, NULL, 0);
}

static void a_wait_can_be_interrupted(void **state)
{
    struct aq_error err = {0};
    struct aq_ssh_target target = sshd_of(state)->target;
    struct speaker speaker = start_speaker("SSH-2.0-silent\r\n");
    target.address.port = speaker.port;
    aq_interrupt();
    assert_fails(try_target(&target, 60000, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    stop_speaker(&speaker);
}

/* An account whose shell runs nothing, a server that allows no session beside the first, one that has
   commands of its own. */
static void servers_with_their_own_mind(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct test_sshd own;
    const char *const argv[] = {"sleep", "1000", NULL}, *const fine[] = {"true", NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    start_sshd(&own, "ForceCommand echo this account runs nothing\n");
    struct aq_channel *channel = aq_channel_open_ssh(&own.target);
    assert_fails(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = fine}, &exit, &err),
                 AQ_E_GUEST_REFUSED);
    aq_channel_close(channel);
    stop_sshd(&own);

    /* There is no second session to end the command through: it ends with the connection. */
    start_sshd(&own, "MaxSessions 1\n");
    channel = aq_channel_open_ssh(&own.target);
    assert_ok(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = fine}, &exit, &err));
    assert_fails(aq_channel_exec(channel,
                                 &(struct aq_guest_exec){.argv = argv, .deadline = aq_after_ms(1500)}, &exit,
                                 &err),
                 AQ_E_COMMAND_TIMEOUT);
    assert_ok(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = fine}, &exit, &err));
    aq_channel_close(channel);
    stop_sshd(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pinned_key_is_let_pass),         cmocka_unit_test(a_changed_host_key_is_refused),
        cmocka_unit_test(another_type_of_key_is_not_taken), cmocka_unit_test(an_unknown_host_key_is_refused),
        cmocka_unit_test(a_key_that_opens_nothing_is_told), cmocka_unit_test(a_key_that_is_none_is_told),
        cmocka_unit_test(what_is_no_ssh_server_is_told),    cmocka_unit_test(a_closed_port_is_told),
        cmocka_unit_test(a_machine_that_has_ended_is_told), cmocka_unit_test(a_wait_can_be_interrupted),
        cmocka_unit_test(servers_with_their_own_mind),
    };
    return cmocka_run_group_tests(tests, open_ssh_fixture, close_ssh_fixture);
}
