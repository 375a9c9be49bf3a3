/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/process.h"

#define ARGV(...)                                                                                            \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }
#define SHELL(script) ARGV("sh", "-c", script)

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_interrupt_clear();
    return 0;
}

static void gives_both_streams_and_the_exit_code(void **state)
{
    (void)state;
    struct aq_process_result result;
    assert_ok(
        aq_process_run(&(struct aq_process){.argv = SHELL("echo out; echo err >&2; exit 3")}, &result, &err));
    assert_int_equal(result.exit_code, 3);
    assert_string_equal(aq_buffer_text(&result.output), "out\n");
    assert_string_equal(aq_buffer_text(&result.errors), "err\n");
    aq_process_result_free(&result);
}

static void a_signal_is_128_and_more(void **state)
{
    (void)state;
    struct aq_process_result result;
    assert_ok(aq_process_run(&(struct aq_process){.argv = SHELL("kill -SEGV $$")}, &result, &err));
    assert_int_equal(result.exit_code, 128 + SIGSEGV);
    aq_process_result_free(&result);
}

static void what_cannot_be_executed_is_an_error_of_the_start(void **state)
{
    (void)state;
    struct aq_process_result result;
    assert_fails(aq_process_run(&(struct aq_process){.argv = ARGV("no-such-program")}, &result, &err),
                 AQ_E_TOOL_MISSING);
    assert_fails(aq_process_run(&(struct aq_process){.argv = ARGV("/no/such/program")}, &result, &err),
                 AQ_E_TOOL_MISSING);
    int fd = open("bad-format", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_int_equal(write(fd,
                           "\x7f"
                           "ELF",
                           4),
                     4);
    close(fd);
    assert_fails(aq_process_run(&(struct aq_process){.argv = ARGV("./bad-format")}, &result, &err), AQ_E_IO);
    assert_fails(aq_process_run(&(struct aq_process){.argv = ARGV("true"), .working_dir = "/no/such/dir"},
                                &result, &err),
                 AQ_E_IO);
}

static void ten_megabytes_on_both_streams_at_once(void **state)
{
    (void)state;
    struct aq_process_result result;
    const char *script = "head -c 10485760 /dev/zero >&2 & head -c 10485760 /dev/zero; wait";
    assert_ok(aq_process_run(&(struct aq_process){.argv = SHELL(script), .capture_limit = 20 << 20}, &result,
                             &err));
    assert_int_equal(result.exit_code, 0);
    assert_int_equal(result.output.length, 10485760);
    assert_int_equal(result.errors.length, 10485760);
    aq_process_result_free(&result);
}

static void capture_ends_at_its_limit_and_the_program_does_not(void **state)
{
    (void)state;
    struct aq_process_result result;
    const char *script = "yes | head -c 3000000; exit 5";
    assert_ok(
        aq_process_run(&(struct aq_process){.argv = SHELL(script), .capture_limit = 1000}, &result, &err));
    assert_int_equal(result.exit_code, 5);
    assert_int_equal(result.output.length, 1000);
    aq_process_result_free(&result);
}

static void input_arrives_whole_and_need_not_be_read(void **state)
{
    (void)state;
    size_t length = 10 << 20;
    aq_autofree char *input = aq_alloc(length);
    memset(input, 'x', length);
    struct aq_process_result result;
    assert_ok(
        aq_process_run(&(struct aq_process){.argv = ARGV("wc", "-c"), .input = input, .input_length = length},
                       &result, &err));
    assert_string_equal(aq_buffer_text(&result.output), "10485760\n");
    aq_process_result_free(&result);
    assert_ok(aq_process_run(
        &(struct aq_process){.argv = ARGV("true"), .input = input, .input_length = length}, &result, &err));
    assert_int_equal(result.exit_code, 0);
    aq_process_result_free(&result);
    assert_ok(aq_process_run(&(struct aq_process){.argv = ARGV("cat")}, &result, &err));
    assert_int_equal(result.output.length, 0);
    aq_process_result_free(&result);
}

static void streams_can_be_files_of_the_caller(void **state)
{
    (void)state;
    aq_autoclose int input = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
    aq_autoclose int output = open("output", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct aq_process_result result;
    assert_ok(aq_process_run(
        &(struct aq_process){.argv = ARGV("cat"), .input_fd = input, .output_fd = output}, &result, &err));
    assert_int_equal(result.output.length, 0);
    aq_process_result_free(&result);
    struct stat file;
    assert_return_code(fstat(output, &file), 0);
    assert_true(file.st_size > 3);
}

static void environment_and_folder_are_the_childs_alone(void **state)
{
    (void)state;
    setenv("AQ_TEST_KEPT", "kept", 1);
    setenv("AQ_TEST_CHANGED", "old", 1);
    struct aq_process_result result;
    assert_ok(
        aq_process_run(&(struct aq_process){.argv = SHELL("echo $AQ_TEST_KEPT $AQ_TEST_CHANGED $AQ_NEW; pwd"),
                                            .environment = ARGV("AQ_TEST_CHANGED=new", "AQ_NEW=1"),
                                            .working_dir = "/usr"},
                       &result, &err));
    assert_string_equal(aq_buffer_text(&result.output), "kept new 1\n/usr\n");
    assert_string_equal(getenv("AQ_TEST_CHANGED"), "old");
    aq_process_result_free(&result);
}

static void nothing_is_inherited_but_the_three(void **state)
{
    (void)state;
    int leak = open("/dev/null", O_RDONLY);
    int high = fcntl(leak, F_DUPFD, 900);
    struct aq_process_result result;
    /* ls itself has the folder open, as 3. */
    assert_ok(aq_process_run(&(struct aq_process){.argv = ARGV("ls", "/proc/self/fd")}, &result, &err));
    assert_string_equal(aq_buffer_text(&result.output), "0\n1\n2\n3\n");
    aq_process_result_free(&result);
    close(leak);
    close(high);
}

static void the_standard_descriptors_may_be_closed_in_the_parent(void **state)
{
    (void)state;
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 50);
    close(0);
    struct aq_process_result result;
    int done = aq_process_run(&(struct aq_process){.argv = ARGV("cat"), .input = "hello", .input_length = 5},
                              &result, &err);
    dup2(saved, 0);
    close(saved);
    assert_ok(done);
    assert_string_equal(aq_buffer_text(&result.output), "hello");
    aq_process_result_free(&result);
}

static unsigned count_open(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void nothing_stays_open_here(void **state)
{
    (void)state;
    unsigned before = count_open();
    struct aq_process_result result;
    assert_ok(aq_process_run(&(struct aq_process){.argv = ARGV("true"), .input = "x", .input_length = 1},
                             &result, &err));
    aq_process_result_free(&result);
    assert_fails(aq_process_run(&(struct aq_process){.argv = ARGV("/etc/passwd")}, &result, &err),
                 AQ_E_TOOL_MISSING);
    assert_fails(
        aq_process_run(&(struct aq_process){.argv = ARGV("sleep", "60"), .deadline = aq_after_ms(50)},
                       &result, &err),
        AQ_E_TIMEOUT);
    assert_int_equal(count_open(), before);
}

/* The pid that the script wrote into the file is of a process that is gone. */
static void assert_gone(const char *file)
{
    aq_autofclose FILE *stream = fopen(file, "re");
    assert_non_null(stream);
    int pid = 0;
    assert_int_equal(fscanf(stream, "%d", &pid), 1);
    struct aq_process_id id;
    /* A killed orphan is gone as soon as init has looked. */
    for (int i = 0; i < 5000 && aq_process_identify(pid, &id); i++)
        usleep(1000);
    assert_false(aq_process_identify(pid, &id));
}

static void a_deadline_ends_the_grandchildren_too(void **state)
{
    (void)state;
    struct aq_process_result result;
    const char *script = "sh -c 'trap \"\" TERM; echo $$ >grandchild.tmp; mv grandchild.tmp grandchild; "
                         "sleep 1000; sleep 1000' & "
                         "while [ ! -e grandchild ]; do sleep 0.01; done; echo ready; wait";
    assert_fails(aq_process_run(&(struct aq_process){.argv = SHELL(script), .deadline = aq_after_ms(3000)},
                                &result, &err),
                 AQ_E_TIMEOUT);
    assert_gone("grandchild");
}

static void a_deadline_ends_what_never_stops_writing(void **state)
{
    (void)state;
    struct aq_process_result result;
    assert_fails(aq_process_run(&(struct aq_process){.argv = ARGV("yes"), .deadline = aq_after_ms(100)},
                                &result, &err),
                 AQ_E_TIMEOUT);
}

static void a_program_may_clear_up_before_it_is_killed(void **state)
{
    (void)state;
    struct aq_process_result result;
    const char *script = "trap 'echo cleared >cleared; exit' TERM; : >trap-set; sleep 1000 & wait";
    assert_fails(aq_process_run(&(struct aq_process){.argv = SHELL(script), .deadline = aq_after_ms(1000)},
                                &result, &err),
                 AQ_E_TIMEOUT);
    assert_int_equal(access("trap-set", F_OK), 0);
    assert_int_equal(access("cleared", F_OK), 0);
}

static void on_alarm(int number)
{
    (void)number;
    aq_interrupt();
}

static void a_signal_interrupts_and_leaves_nothing(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm};
    struct sigaction before;
    sigaction(SIGALRM, &action, &before);
    struct itimerval soon = {.it_value.tv_usec = 300000};
    setitimer(ITIMER_REAL, &soon, NULL);
    struct aq_process_result result;
    aq_deadline started = aq_now();
    assert_fails(aq_process_run(&(struct aq_process){.argv = SHELL("echo $$ >interrupted; exec sleep 1000")},
                                &result, &err),
                 AQ_E_INTERRUPTED);
    assert_true(aq_now() - started < 60 * INT64_C(1000000000));
    assert_gone("interrupted");
    sigaction(SIGALRM, &before, NULL);

    /* While it is asked for, nothing new is started. */
    assert_fails(aq_process_run(&(struct aq_process){.argv = SHELL("echo x >started")}, &result, &err),
                 AQ_E_INTERRUPTED);
    assert_int_equal(access("started", F_OK), -1);

    /* But what clears up behind it is. */
    aq_interrupt_hold();
    assert_ok(aq_process_run(&(struct aq_process){.argv = SHELL("echo x >started")}, &result, &err));
    aq_interrupt_release();
    aq_process_result_free(&result);
    assert_int_equal(access("started", F_OK), 0);
    aq_interrupt_clear();
}

static void signals_are_as_a_program_expects_them(void **state)
{
    (void)state;
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    struct aq_process_result result;
    assert_ok(
        aq_process_run(&(struct aq_process){.argv = ARGV("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")},
                       &result, &err));
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(aq_buffer_text(&result.output),
                        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    aq_process_result_free(&result);
}

static void a_background_process_is_not_waited_for(void **state)
{
    (void)state;
    struct aq_process_result result;
    assert_ok(aq_process_run(&(struct aq_process){.argv = SHELL("sleep 1000 & echo $!")}, &result, &err));
    int pid = atoi(aq_buffer_text(&result.output));
    assert_true(pid > 0);
    assert_return_code(kill(pid, SIGKILL), 0);
    aq_process_result_free(&result);
}

static void remember_line(void *data, const char *line)
{
    aq_buffer_format(data, "[%s]", line);
}

static void lines_are_told_as_they_come(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer lines = {0};
    struct aq_process_result result;
    assert_ok(aq_process_run(
        &(struct aq_process){.argv = SHELL("printf 'one\\r\\n\\nthr'; sleep 0.2; printf 'ee\\nend'"),
                             .on_line = remember_line,
                             .on_line_data = &lines},
        &result, &err));
    assert_string_equal(aq_buffer_text(&lines), "[one][][three][end]");
    aq_process_result_free(&result);
}

static void count_line(void *data, const char *line)
{
    size_t length = strlen(line);
    assert_true(length <= 65536);
    *(size_t *)data += length;
}

static void a_line_without_end_is_told_in_pieces(void **state)
{
    (void)state;
    size_t told = 0;
    struct aq_process_result result;
    assert_ok(aq_process_run(&(struct aq_process){.argv = SHELL("head -c 1000000 /dev/zero | tr '\\0' x"),
                                                  .on_line = count_line,
                                                  .on_line_data = &told},
                             &result, &err));
    assert_int_equal(told, 1000000);
    aq_process_result_free(&result);
}

static void what_is_tied_dies_with_us(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        aq_process_check(&(struct aq_process){.argv = SHELL("echo $$ >tied; exec sleep 60"), .tied = true},
                         NULL, &err);
        _exit(0);
    }
    int child = 0;
    while (child == 0) {
        FILE *file = fopen("tied", "r");
        if (file != NULL && fscanf(file, "%d", &child) != 1)
            child = 0;
        if (file != NULL)
            fclose(file);
        usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 5000 && kill(child, 0) == 0; i++)
        usleep(1000);
    assert_int_equal(kill(child, 0), -1);
}

static void check_fails_with_the_programs_last_words(void **state)
{
    (void)state;
    const char *script = "seq 1 100000; seq 1 50000 >&2; printf 'it \\033[31mbroke\\n\\n' >&2; exit 9";
    aq_process_check(&(struct aq_process){.argv = SHELL(script), .capture_limit = 100}, NULL, &err);
    assert_int_equal(err.code, AQ_E_TOOL_FAILED);
    assert_string_equal(err.text,
                        "sh ended with exit code 9: 49992\n49993\n49994\n49995\n49996\n49997\n49998\n49999\n"
                        "50000\nit [31mbroke");
    err = (struct aq_error){0};
    aq_process_check(&(struct aq_process){.argv = SHELL("echo said on stdout; exit 1")}, NULL, &err);
    assert_string_equal(err.text, "sh ended with exit code 1: said on stdout");
    err = (struct aq_error){0};
    aq_process_check(&(struct aq_process){.argv = SHELL("kill -KILL $$")}, NULL, &err);
    assert_string_equal(err.text, "sh ended with exit code 137 (as by SIGKILL)");
    err = (struct aq_error){0};
    assert_ok(aq_process_check(&(struct aq_process){.argv = ARGV("true")}, NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_both_streams_and_the_exit_code, fresh),
        cmocka_unit_test_setup(a_signal_is_128_and_more, fresh),
        cmocka_unit_test_setup(what_cannot_be_executed_is_an_error_of_the_start, fresh),
        cmocka_unit_test_setup(ten_megabytes_on_both_streams_at_once, fresh),
        cmocka_unit_test_setup(capture_ends_at_its_limit_and_the_program_does_not, fresh),
        cmocka_unit_test_setup(input_arrives_whole_and_need_not_be_read, fresh),
        cmocka_unit_test_setup(streams_can_be_files_of_the_caller, fresh),
        cmocka_unit_test_setup(environment_and_folder_are_the_childs_alone, fresh),
        cmocka_unit_test_setup(nothing_is_inherited_but_the_three, fresh),
        cmocka_unit_test_setup(the_standard_descriptors_may_be_closed_in_the_parent, fresh),
        cmocka_unit_test_setup(nothing_stays_open_here, fresh),
        cmocka_unit_test_setup(a_deadline_ends_the_grandchildren_too, fresh),
        cmocka_unit_test_setup(a_deadline_ends_what_never_stops_writing, fresh),
        cmocka_unit_test_setup(a_program_may_clear_up_before_it_is_killed, fresh),
        cmocka_unit_test_setup(a_signal_interrupts_and_leaves_nothing, fresh),
        cmocka_unit_test_setup(signals_are_as_a_program_expects_them, fresh),
        cmocka_unit_test_setup(a_background_process_is_not_waited_for, fresh),
        cmocka_unit_test_setup(lines_are_told_as_they_come, fresh),
        cmocka_unit_test_setup(a_line_without_end_is_told_in_pieces, fresh),
        cmocka_unit_test_setup(what_is_tied_dies_with_us, fresh),
        cmocka_unit_test_setup(check_fails_with_the_programs_last_words, fresh),
    };
    return cmocka_run_group_tests_name("util/process", tests, NULL, NULL);
}
