/* SPDX-License-Identifier: MIT */
/* The audit log. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bios-vm.h"
#include "command/verb.h"
#include "util/files.h"

static const char *cell(size_t row, const char *column)
{
    const char *text = aq_result_cell(last, 0, row, column, NULL);
    return text != NULL ? text : "";
}

static char *log_path(const char *suffix)
{
    aq_autofree char *home = aq_home_path(&err);
    return aq_format("%s/audit.log%s", home, suffix);
}

/* What changes something is noted, also when it is refused; what only looks is not. */
static void what_changes_something_is_noted(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("ping");
    assert_command("list");
    assert_command("status one");
    assert_refused("VM_EXISTS", "clone base=base name=one no_start");
    assert_refused("KEY_UNKNOWN", "stop one tiemout=5");
    assert_refused("VERB_UNKNOWN", "destroy name=one password=hunter2");
    assert_refused("COMMAND_EMPTY", "  ");
    assert_command("security_audit");
    assert_string_equal(field("COUNT"), "5");
    assert_string_equal(cell(0, "VERB"), "register_base");
    assert_string_equal(cell(1, "VERB"), "clone");
    assert_string_equal(cell(1, "OUTCOME"), "ok");
    assert_string_equal(cell(1, "PARAMETERS"), "{\"base\":\"base\",\"name\":\"one\",\"no_start\":\"true\"}");
    assert_int_equal(atoi(cell(1, "PID")), getpid());
    assert_string_equal(cell(2, "OUTCOME"), "VM_EXISTS");
    assert_string_equal(cell(3, "VERB"), "stop");
    assert_string_equal(cell(3, "OUTCOME"), "KEY_UNKNOWN");
    assert_string_equal(cell(4, "VERB"), "destroy");
    assert_string_equal(cell(4, "PARAMETERS"), "{}"); /* nobody knows which of them are secret */
    assert_command("security_audit lines=2");
    assert_string_equal(cell(0, "VERB"), "stop");
    assert_string_equal(field("COUNT"), "2");
    aq_autofree char *path = log_path("");
    assert_string_equal(field("PATH"), path);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void secrets_are_masked_and_long_values_cut(void **state)
{
    (void)state;
    aq_autofree char *much = aq_alloc(100001);
    memset(much, 'x', 100000);
    assert_refused("VM_NOT_FOUND", "execute vm=one command=true env=TOKEN=hunter2 stdin=hunter3");
    assert_refused("VM_NOT_FOUND", "execute vm=one command=%s", much);
    assert_refused("VM_NOT_FOUND", "execute vm=one command='a\xff\xc3\xa4'");
    assert_command("security_audit lines=3");
    assert_null(strstr(aq_result_output(last), "hunter"));
    assert_non_null(strstr(cell(0, "PARAMETERS"), "\"env\":\"***\""));
    assert_non_null(strstr(cell(0, "PARAMETERS"), "\"stdin\":\"***\""));
    assert_true(strlen(cell(1, "PARAMETERS")) < 1000);
    assert_non_null(strstr(cell(2, "PARAMETERS"), "a???"));
}

static void entries_are_found_again(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("clone base=base name=two no_start");
    assert_refused("VM_EXISTS", "clone base=base name=two no_start");
    assert_command("rename one new_name=three");
    assert_command("security_audit vm=two");
    assert_string_equal(field("COUNT"), "2");
    assert_command("security_audit vm=three");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(cell(0, "VERB"), "rename");
    assert_command("security_audit verb=CLONE outcome=failed");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(cell(0, "OUTCOME"), "VM_EXISTS");
    assert_command("security_audit outcome=vm_exists");
    assert_string_equal(field("COUNT"), "1");
    assert_command("security_audit verb=clone outcome=ok lines=1");
    assert_string_equal(field("COUNT"), "1");
    assert_non_null(strstr(cell(0, "PARAMETERS"), "two"));
    assert_command("security_audit user=nobody-at-all");
    assert_string_equal(field("COUNT"), "0");
}

static void entries_are_found_by_time(void **state)
{
    (void)state;
    static const char *const lines[] = {"2026-02-27T23:59:59Z", "2026-02-28T00:00:00Z",
                                        "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"};
    aq_autofree char *path = log_path("");
    FILE *log = fopen(path, "w");
    for (size_t i = 0; i < 4; i++)
        fprintf(log, "{\"time\": \"%s\", \"verb\": \"stop\", \"outcome\": \"ok\"}\n", lines[i]);
    fclose(log);
    assert_command("security_audit since=2026-02-28 until=2026-02-28");
    assert_string_equal(field("COUNT"), "2");
    assert_string_equal(cell(0, "TIME"), lines[1]);
    assert_command("security_audit since=2026-02-28T00:00:01Z");
    assert_string_equal(field("COUNT"), "2");
    assert_command("security_audit until=2026-02");
    assert_string_equal(field("COUNT"), "3");
    assert_command("security_audit since=1h");
    assert_string_equal(field("COUNT"), "0");
    assert_refused("VM_NOT_FOUND", "start one");
    assert_command("security_audit since=1h");
    assert_string_equal(field("COUNT"), "1");
    assert_command("security_audit until=1h");
    assert_string_equal(field("COUNT"), "4");
    assert_refused("VALUE_INVALID", "security_audit since=yesterday");
    assert_refused("VALUE_INVALID", "security_audit until=2026-2-1");
    assert_refused("VALUE_INVALID", "security_audit since=2026-13-01");
    assert_refused("VALUE_INVALID", "security_audit since=2026-02-32");
    assert_refused("VALUE_INVALID", "security_audit since=2026-02-28T24:00:00Z");
}

/* Lines of many writers are whole, and none is lost. */
static void many_processes_append_at_once(void **state)
{
    (void)state;
    enum { WRITERS = 8, EACH = 50 };
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0) {
            for (int n = 0; n < EACH; n++)
                command("start nobody");
            _exit(0);
        }
    for (int i = 0; i < WRITERS; i++)
        assert_true(wait(NULL) > 0);
    assert_command("security_audit lines=10000");
    assert_int_equal(atoi(field("COUNT")), WRITERS * EACH + 1); /* and the fixture's register_base */
}

/* A full one becomes audit.log.1; the oldest goes; what was torn is passed over. */
static void a_full_log_is_put_aside(void **state)
{
    (void)state;
    aq_autofree char *path = log_path("");
    aq_autofree char *first = log_path(".1");
    aq_autofree char *fifth = log_path(".5");
    for (int i = 0; i < 6; i++) {
        assert_int_equal(truncate(path, 4 << 20), 0); /* a hole of NULs: a line that cannot be read */
        assert_command("setup_permissions root");
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(access(first, F_OK), 0);
        assert_refused("VM_NOT_FOUND", "start nobody");
    }
    assert_int_equal(access(fifth, F_OK), -1);
    assert_command("security_audit");
    assert_string_equal(cell((size_t)atoi(field("COUNT")) - 1, "OUTCOME"), "VM_NOT_FOUND");
}

/* A log that cannot be written does not keep anybody from his work, nor lead elsewhere. */
static void a_log_that_is_a_link_is_not_followed(void **state)
{
    (void)state;
    aq_autofree char *path = log_path("");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0);
    assert_command("clone base=base name=one no_start");
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *elsewhere = aq_format("%s/elsewhere", home);
    assert_int_equal(access(elsewhere, F_OK), -1);
}

/* A verb that is forgotten to be marked is noted: only these few are not. */
static void only_verbs_that_look_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < aq_verb_count; i++) {
        const struct aq_verb *verb = aq_verbs[i];
        bool looks = strcmp(verb->name, "ports") == 0 || strncmp(verb->name, "list", 4) == 0 ||
                     strncmp(verb->name, "inspect", 7) == 0 ||
                     aq_word_in("status wait logs help ping verify_host process_stats security_audit history "
                                "diff verify_layers checkpoint_status health_status policy tree plan",
                                verb->name);
        if (looks != verb->read_only)
            fail_msg("%s is %s read-only", verb->name, verb->read_only ? "said to be" : "not said to be");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_changes_something_is_noted, fresh, ended),
        cmocka_unit_test_setup_teardown(secrets_are_masked_and_long_values_cut, fresh, ended),
        cmocka_unit_test_setup_teardown(entries_are_found_again, fresh, ended),
        cmocka_unit_test_setup_teardown(entries_are_found_by_time, fresh, ended),
        cmocka_unit_test_setup_teardown(many_processes_append_at_once, fresh, ended),
        cmocka_unit_test_setup_teardown(a_full_log_is_put_aside, fresh, ended),
        cmocka_unit_test_setup_teardown(a_log_that_is_a_link_is_not_followed, fresh, ended),
        cmocka_unit_test(only_verbs_that_look_are_left_out),
    };
    int failed = cmocka_run_group_tests_name("command/audit", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
