/* SPDX-License-Identifier: MIT */
/* The copy of a running VM's disk (qemu/block.h) when whoever makes it is killed. Its disk is empty, so it
   sits in the BIOS. */
#include "test.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "bios-vm.h"
#include "qemu/block.h"
#include "tool.h"
#include "util/guard.h"
#include "util/json.h"

enum { QMP_MS = 20000 };

static struct aq_qmp *monitor_of(const char *name)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run;
    assert_ok(aq_vm_load(name, &vm, &err));
    assert_ok(aq_run_need(&vm, &run, &err));
    aq_autoclose int folder = aq_run_open_folder(&run, &err);
    struct aq_qmp *qmp = aq_qmp_connect(folder, aq_after_ms(QMP_MS), &err);
    assert_non_null(qmp);
    return qmp;
}

static json_t *target(void)
{
    char here[PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    aq_autofree char *path = aq_format("%s/copy.qcow2", here);
    unlink(path);
    tool("qemu-img", "create", "-q", "-f", "qcow2", path, "64M");
    return json_pack("{s:s, s:{s:s, s:s}}", "driver", "qcow2", "file", "driver", "file", "filename", path);
}

static size_t count_jobs(struct aq_qmp *qmp)
{
    aq_autojson json_t *jobs = NULL;
    assert_ok(aq_qmp_command(qmp, "query-jobs", NULL, aq_after_ms(QMP_MS), &jobs, &err));
    return json_array_size(jobs);
}

/* Begins one and is killed. */
static void be_killed_while_following(const char *words)
{
    json_t *to = target();
    pid_t child = fork();
    if (child == 0) {
        struct aq_guard guard = AQ_GUARD_NONE;
        struct aq_qmp *qmp = monitor_of("one");
        if (words != NULL)
            assert_ok(aq_guard_begin(aq_qmp_descriptor(qmp), words, &guard, &err));
        assert_ok(aq_qmp_follow_top(qmp, to, aq_after_ms(QMP_MS), &err));
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    json_decref(to);
}

static void one_that_was_left_is_ended_by_the_next(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    be_killed_while_following(NULL);
    aq_autoqmp struct aq_qmp *qmp = monitor_of("one");
    assert_int_equal(count_jobs(qmp), 1);
    assert_ok(aq_qmp_end_jobs(qmp, aq_after_ms(QMP_MS), &err));
    assert_int_equal(count_jobs(qmp), 0);
    assert_ok(aq_qmp_follow_top(qmp, target(), aq_after_ms(QMP_MS), &err));
    assert_ok(aq_qmp_follow_end(qmp, aq_after_ms(QMP_MS), &err));
}

static void a_guard_ends_it_at_once(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    be_killed_while_following(AQ_FOLLOW_CANCEL_WORDS);
    aq_autoqmp struct aq_qmp *qmp = monitor_of("one");
    aq_deadline deadline = aq_after_ms(QMP_MS);
    while (count_jobs(qmp) > 0 && aq_ms_left(deadline) > 0)
        usleep(10000);
    assert_int_equal(count_jobs(qmp), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_was_left_is_ended_by_the_next, fresh, ended),
        cmocka_unit_test_setup_teardown(a_guard_ends_it_at_once, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/follow", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
