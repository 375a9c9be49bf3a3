/* SPDX-License-Identifier: MIT */
#include "keeper/check.h"

#include <string.h>

#include "address-qemu/address-qemu.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/wait.h"
#include "vm/guest.h"
#include "vm/health.h"
#include "vm/restart.h"

enum { OUTPUT_MAX = 4096 };

/* A VM while it is being checked. */
struct subject {
    struct aq_vm vm;
    struct aq_run run;
    int folder;
    struct aq_health_check check;
    struct aq_buffer output;
};

static void subject_free(struct subject *subject)
{
    aq_vm_free(&subject->vm);
    aq_health_check_free(&subject->check);
    aq_buffer_free(&subject->output);
    aq_cleanup_close(&subject->folder);
}

/* Has it a check? */
static bool subject_open(const char *name, struct subject *subject)
{
    struct aq_error ignored = {0};
    subject->folder = aq_vm_open(name, &ignored);
    return subject->folder >= 0 && aq_vm_load(name, &subject->vm, &ignored) == 0 &&
           aq_health_check_read(subject->folder, name, &subject->check, &ignored) > 0 &&
           subject->check.enabled;
}

/* --- in the guest --- */

static int run_command(struct subject *subject, struct aq_channel *channel, aq_deadline deadline,
                       struct aq_health_finding *finding, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", subject->check.command, NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = OUTPUT_MAX};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    int ran = aq_channel_exec(channel, &exec, &exit, err);
    aq_buffer_add(&subject->output, aq_buffer_text(&exit.output), exit.output.length);
    aq_buffer_add(&subject->output, aq_buffer_text(&exit.errors), exit.errors.length);
    if (ran < 0)
        return -1;
    finding->exit_code = exit.exit_code;
    finding->passed = exit.exit_code == 0;
    return 0;
}

static int look_into(struct subject *subject, struct aq_health_finding *finding, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(subject->check.timeout);
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    if (aq_guest_open(&subject->vm, aq_method_of(subject->check.method), deadline, &guest, err) < 0)
        return -1;
    if (subject->check.command[0] != '\0')
        return run_command(subject, guest.channel, deadline, finding, err);
    finding->passed = true;
    return 0;
}

/* Failures that are none of the guest's. */
static bool says_nothing(enum aq_error_code code)
{
    return code == AQ_E_VM_BUSY || code == AQ_E_VM_NOT_RUNNING || code == AQ_E_VM_NOT_FOUND ||
           code == AQ_E_VM_PAUSED || code == AQ_E_INTERRUPTED;
}

/* False: it says nothing. */
static bool examine(struct aq_keeper *keeper, struct subject *subject, struct aq_health_finding *finding)
{
    struct aq_error err = {0};
    aq_deadline started = aq_now();
    *finding = (struct aq_health_finding){.exit_code = -1};
    if (look_into(subject, finding, &err) < 0) {
        if (err.code == AQ_E_VM_NOT_RUNNING)
            aq_keeper_log(keeper, "%s: the VM has ended during a check", subject->vm.name);
        if (says_nothing(err.code))
            return false;
        aq_buffer_format(&subject->output, "%s%s: %s", subject->output.length > 0 ? "\n" : "",
                         aq_error_name(err.code), err.text);
    }
    finding->duration = (aq_now() - started) / 1000000;
    finding->output = aq_buffer_text(&subject->output);
    finding->output_length = subject->output.length;
    return true;
}

/* --- what follows --- */

/* The action is an ordinary command, so it is in the audit log too. It is for the run that was judged: when
   that is over, somebody else has seen to it. Once begun it is led to its end: a guest that was told to power
   off would be left so. False: nothing was done. */
static bool act(struct aq_keeper *keeper, const struct subject *subject, enum aq_health_action action,
                json_t *record)
{
    aq_autofree char *run = aq_run_text(&subject->run.process);
    aq_autofree char *command = aq_format("%s name=%s timeout=%lldms run=%s", aq_health_action_name(action),
                                          subject->vm.name, (long long)subject->check.stop_timeout, run);
    if (aq_interrupted())
        return false;
    aq_interrupt_hold();
    aq_session *session = aq_session_open(NULL);
    aq_result *result = aq_run(session, command, AQ_WHOLE);
    const char *code = aq_result_error_code(result);
    bool done = aq_result_rc(result) == 0, over = !done && strcmp(code, "VM_NOT_RUNNING") == 0;
    if (!over) {
        aq_autofree char *outcome =
            done ? aq_strdup("ok") : aq_format("%s: %s", code, aq_result_error(result));
        aq_keeper_log(keeper, "%s: unhealthy; %s: %s", subject->vm.name, aq_health_action_name(action),
                      outcome);
        aq_health_note_action(record, action, outcome);
    }
    aq_result_free(result);
    aq_session_close(session);
    aq_interrupt_release();
    return !over;
}

static void store(struct aq_keeper *keeper, const struct subject *subject, const json_t *record)
{
    struct aq_error err = {0};
    if (aq_health_store(subject->folder, record, &err) < 0)
        aq_keeper_log(keeper, "%s: %s", subject->vm.name, err.text);
}

/* It is down because a restart was cut short, or could not start it: once more, as often as restarts are
   allowed at all. */
static void finish_restart(struct aq_keeper *keeper, struct subject *subject)
{
    struct aq_health_state state;
    const struct aq_health_check *check = &subject->check;
    aq_autojson json_t *record = aq_health_load(subject->folder);
    aq_health_from_json(record, &state);
    if (check->action != AQ_HEALTH_RESTART || !aq_restart_pending(subject->folder, &subject->run.process) ||
        (check->max_restarts != 0 && state.restarts > check->max_restarts))
        return;
    aq_health_note_restarts(record, state.restarts + 1);
    if (act(keeper, subject, AQ_HEALTH_RESTART, record))
        store(keeper, subject, record);
}

static void examine_and_act(struct aq_keeper *keeper, struct subject *subject)
{
    struct aq_health_finding finding;
    struct aq_health_state state;
    if (!examine(keeper, subject, &finding))
        return;
    aq_autojson json_t *record = aq_health_load(subject->folder);
    aq_health_from_json(record, &state);
    enum aq_health before = state.health;
    enum aq_health_action action =
        aq_health_judge(&subject->check, &subject->run.process, aq_uptime_ms(subject->run.process.start_time),
                        finding.passed, &state);
    aq_health_note(record, &state, &finding);
    store(keeper, subject, record);
    if (state.health != before)
        aq_keeper_log(keeper, "%s: %s", subject->vm.name, aq_health_name(state.health));
    if (finding.passed)
        aq_restart_forget(subject->folder); /* of one that could not stop it */
    if (action != AQ_HEALTH_NONE && act(keeper, subject, action, record))
        store(keeper, subject, record);
}

void aq_check_health(struct aq_keeper *keeper, const char *vm)
{
    aq_cleanup(subject_free) struct subject subject = {.folder = -1};
    struct aq_error ignored = {0};
    if (!subject_open(vm, &subject))
        return;
    int running = aq_run_read_in(subject.folder, &subject.run, &ignored);
    if (running == 0)
        finish_restart(keeper, &subject);
    else if (running > 0 && !subject.run.paused)
        examine_and_act(keeper, &subject);
}
