/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/wait.h"

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_interrupt_clear();
    return 0;
}

static void a_deadline_is_a_moment(void **state)
{
    (void)state;
    assert_int_equal(aq_after_ms(-1), AQ_FOREVER);
    assert_int_equal(aq_after_ms(INT64_MAX), AQ_FOREVER);
    assert_int_equal(aq_ms_left(AQ_FOREVER), INT64_MAX);
    assert_int_equal(aq_ms_left(aq_now() - 1), 0);
    assert_in_range(aq_ms_left(aq_after_ms(100000)), 90000, 100000);
}

static void sleeping_lasts_until_the_deadline(void **state)
{
    (void)state;
    aq_deadline until = aq_after_ms(30);
    assert_ok(aq_sleep_until(until, &err));
    assert_true(aq_now() >= until);
}

static void what_is_ready_is_told(void **state)
{
    (void)state;
    int ends[12][2];
    struct pollfd fds[12];
    for (int i = 0; i < 12; i++) {
        assert_return_code(pipe2(ends[i], O_CLOEXEC), 0);
        fds[i] = (struct pollfd){.fd = ends[i][0], .events = POLLIN, .revents = POLLIN};
    }
    assert_int_equal(aq_poll(fds, 12, aq_after_ms(1), &err), 0);
    assert_int_equal(fds[11].revents, 0);
    assert_int_equal(aq_wait_fd(ends[0][0], POLLIN, aq_after_ms(1), &err), 0);
    assert_int_equal(write(ends[11][1], "x", 1), 1);
    assert_int_equal(aq_poll(fds, 12, AQ_FOREVER, &err), 1);
    assert_int_equal(fds[11].revents, POLLIN);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(aq_wait_fd(ends[11][0], POLLIN, AQ_FOREVER, &err), 1);
    for (int i = 0; i < 12; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

static void an_interruption_holds_until_it_is_cleared(void **state)
{
    (void)state;
    aq_interrupt();
    assert_true(aq_interrupted());
    assert_fails(aq_poll(NULL, 0, AQ_FOREVER, &err), AQ_E_INTERRUPTED);
    assert_fails(aq_sleep_until(AQ_FOREVER, &err), AQ_E_INTERRUPTED);
    assert_int_equal(aq_poll_ending(NULL, 0, aq_after_ms(1), &err), 0);
    aq_interrupt_clear();
    assert_false(aq_interrupted());
    assert_int_equal(aq_poll(NULL, 0, aq_after_ms(1), &err), 0);
}

/* The hold is one thread's: what another one does there ends as before. */
static void *ask_whether_to_end(void *data)
{
    *(bool *)data = aq_must_end();
    return NULL;
}

static void clearing_up_can_hold_an_interruption(void **state)
{
    (void)state;
    assert_false(aq_must_end());
    aq_interrupt();
    assert_true(aq_must_end());
    aq_interrupt_hold();
    aq_interrupt_hold();
    assert_int_equal(aq_poll(NULL, 0, aq_after_ms(1), &err), 0);
    aq_interrupt_release();
    assert_false(aq_must_end());
    assert_true(aq_interrupted());
    assert_ok(aq_sleep_until(aq_after_ms(1), &err));
    pthread_t thread;
    bool elsewhere = false;
    assert_int_equal(pthread_create(&thread, NULL, ask_whether_to_end, &elsewhere), 0);
    pthread_join(thread, NULL);
    assert_true(elsewhere);
    aq_interrupt_release();
    assert_true(aq_must_end());
    assert_fails(aq_poll(NULL, 0, AQ_FOREVER, &err), AQ_E_INTERRUPTED);
}

static void on_alarm(int number)
{
    if (number == SIGALRM)
        aq_interrupt();
}

static void a_signal_ends_a_wait_only_if_it_asks_to(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGVTALRM, &action, NULL);
    struct itimerval soon = {.it_value.tv_usec = 20000};
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_fails(aq_sleep_until(AQ_FOREVER, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();

    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        usleep(20000);
        _exit(kill(getppid(), SIGVTALRM));
    }
    aq_deadline until = aq_after_ms(60);
    assert_ok(aq_sleep_until(until, &err));
    assert_true(aq_now() >= until);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_fork_does_not_share_the_interruption(void **state)
{
    (void)state;
    aq_interrupt();
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        bool free = !aq_interrupted() && aq_poll(NULL, 0, aq_after_ms(1), &err) == 0;
        aq_interrupt_clear();
        _exit(free ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_fails(aq_poll(NULL, 0, aq_after_ms(1000), &err), AQ_E_INTERRUPTED);
}

static void *interrupt_soon(void *data)
{
    usleep(20000);
    aq_interrupt();
    return data;
}

static void another_thread_can_interrupt(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, NULL), 0);
    assert_fails(aq_sleep_until(AQ_FOREVER, &err), AQ_E_INTERRUPTED);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_deadline_is_a_moment, fresh),
        cmocka_unit_test_setup(sleeping_lasts_until_the_deadline, fresh),
        cmocka_unit_test_setup(what_is_ready_is_told, fresh),
        cmocka_unit_test_setup(an_interruption_holds_until_it_is_cleared, fresh),
        cmocka_unit_test_setup(clearing_up_can_hold_an_interruption, fresh),
        cmocka_unit_test_setup(a_signal_ends_a_wait_only_if_it_asks_to, fresh),
        cmocka_unit_test_setup(a_fork_does_not_share_the_interruption, fresh),
        cmocka_unit_test_setup(another_thread_can_interrupt, fresh),
    };
    return cmocka_run_group_tests_name("util/wait", tests, NULL, NULL);
}
