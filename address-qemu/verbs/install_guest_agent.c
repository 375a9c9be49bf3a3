/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest/package_manager.h"
#include "util/files.h"
#include "util/random.h"
#include "verbs/vm_fields.h"
#include "vm/guest.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    AQ_PARAM_METHOD,
    {"package_file", AQ_TYPE_PATH, .repeatable = true,
     .meaning = "a package on this host, of the guest's own kind, to be installed instead of the archive's: "
                "for a guest "
                "that reaches none"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "10m", .min = 1, .meaning = "how long all of it may take"},
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    AQ_METHOD_FIELDS,
    {"SKIPPED", "1 when the agent answered already, so that nothing was done"},
    {"DISTRIBUTION", "what the guest says it is"},
    {"PACKAGE_MANAGER", "`apt`, `dnf`, `yum`, `apk`, `zypper` or `pacman`"},
    {"STEPS.n.COMMAND", "what was run in the guest; also `EXIT_CODE`, `MS`"},
    {"EXEC_ALLOWED", "1 when the agent runs commands; some distributions have it refuse to"},
    {NULL},
};

const struct aq_verb aq_verb_install_guest_agent = {
    .name = "install_guest_agent",
    .group = "Guests",
    .summary = "Install the QEMU guest agent in a guest, and start it",
    .details = "By the guest's own package manager, through SSH or our helper: apt, dnf, yum, apk, zypper "
               "and pacman are "
               "known. It is done when the agent answers.",
    .params = params,
    .sets = sets,
    .example = "install_guest_agent name=web",
    .run = run,
};

enum {
    ANSWERS_MS = 1500, /* an agent that is there answers in milliseconds */
    STARTS_MS = 30000,
    ROOM = 64 * 1024,
    WORDS_MAX = 64,
    PACKAGE_FILES_MAX = 32,
};

static const char package[] = "qemu-guest-agent";

/* One installation under way. */
struct work {
    struct aq_call *call;
    struct aq_channel *channel;
    struct aq_distribution distribution;
    const struct aq_package_manager *manager;
    aq_deadline deadline;
    struct aq_table *steps;
};

static bool agent_answers(const struct aq_vm *vm, int64_t wait_ms, struct aq_guest *agent)
{
    struct aq_error ignored = {0};
    return aq_guest_open(vm, AQ_METHOD_AGENT, aq_after_ms(wait_ms), agent, &ignored) == 0;
}

static int probe(struct work *work, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", aq_distribution_probe, NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = work->deadline, .capture_limit = ROOM};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_channel_exec(work->channel, &exec, &exit, err) < 0)
        return -1;
    aq_distribution_parse(aq_buffer_text(&exit.output), &work->distribution);
    work->manager = aq_package_manager_of(&work->distribution);
    aq_result_set_text(work->call->result, "DISTRIBUTION", work->distribution.name);
    if (work->manager == NULL)
        return aq_fail(
            err, AQ_E_NOT_SUPPORTED,
            "the guest says that it is \"%s\", of which no package manager is known here (apt, dnf, yum, "
            "apk, zypper, pacman); install %s there by its own means",
            work->distribution.name, package);
    aq_result_set_text(work->call->result, "PACKAGE_MANAGER", work->manager->name);
    return 0;
}

/* Whoever is not root there asks sudo, which must not ask back. */
static void gather(const struct work *work, const char *const *command, const char *const *operands,
                   struct aq_strings *words)
{
    if (strcmp(work->distribution.user, "0") != 0) {
        aq_strings_add(words, "sudo");
        aq_strings_add(words, "-n");
        aq_strings_add(words, "env");
        for (const char *const *one = work->manager->environment; one != NULL && *one != NULL; one++)
            aq_strings_add(words, *one);
    }
    for (; *command != NULL; command++)
        aq_strings_add(words, *command);
    for (; operands != NULL && *operands != NULL; operands++)
        aq_strings_add(words, *operands);
}

static void note_step(const struct work *work, const struct aq_strings *words, int code, aq_deadline started)
{
    aq_autobuffer struct aq_buffer line = {0};
    for (size_t i = 0; i < words->count; i++)
        aq_buffer_format(&line, "%s%s", i > 0 ? " " : "", words->items[i]);
    aq_table_row(work->steps);
    aq_table_text(work->steps, "COMMAND", line.data);
    aq_table_int(work->steps, "EXIT_CODE", code);
    aq_table_int(work->steps, "MS", (aq_now() - started) / 1000000);
}

/* Runs one command in the guest and notes it: its exit code, or -1. */
static int step(struct work *work, const char *const *command, const char *const *operands,
                struct aq_guest_exit *exit, struct aq_error *err)
{
    aq_autostrings struct aq_strings words = {0};
    gather(work, command, operands, &words);
    aq_progress(work->call, "%s: %s %s …", aq_arg_text(work->call, "name"), command[0],
                command[1] != NULL ? command[1] : "");
    const struct aq_guest_exec exec = {.argv = (const char *const *)words.items,
                                       .environment = work->manager->environment,
                                       .deadline = work->deadline,
                                       .capture_limit = ROOM};
    aq_deadline started = aq_now();
    int ran = aq_channel_exec(work->channel, &exec, exit, err);
    note_step(work, &words, ran < 0 ? -1 : exit->exit_code, started);
    return ran < 0 ? -1 : exit->exit_code;
}

static int must_step(struct work *work, const char *const *command, const char *const *operands,
                     struct aq_error *err)
{
    char text[256];
    aq_autoguestexit struct aq_guest_exit exit = {0};
    int code = step(work, command, operands, &exit, err);
    if (code <= 0)
        return code;
    size_t length = exit.errors.length, from = length > 200 ? length - 200 : 0;
    return aq_fail(err, AQ_E_GUEST_COMMAND_FAILED, "in the guest: %s %s ended with exit code %d: %s",
                   command[0], command[1] != NULL ? command[1] : "", code,
                   aq_guest_printable(aq_buffer_text(&exit.errors) + from, length - from, text));
}

/* --- packages that come along --- */

/* A new folder of whoever we are in the guest, and nobody else's: what is in it is about to be installed by
 * root. */
static int make_folder(struct work *work, const char *folder, struct aq_error *err)
{
    const char *const make[] = {"mkdir", "-m", "700", folder, NULL};
    const struct aq_guest_exec exec = {.argv = make, .deadline = work->deadline, .capture_limit = ROOM};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    char text[256];
    if (aq_channel_exec(work->channel, &exec, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0
               ? 0
               : aq_fail(err, AQ_E_GUEST_COMMAND_FAILED, "in the guest: %s cannot be made: %s", folder,
                         aq_guest_printable(aq_buffer_text(&exit.errors), exit.errors.length, text));
}

/* Each in a folder of its own, for two may have the same name. */
static int put_packages(struct work *work, const char *folder, char *paths[PACKAGE_FILES_MAX + 1],
                        struct aq_error *err)
{
    const char *local;
    for (size_t i = 0; (local = aq_arg_nth(work->call, "package_file", i)) != NULL; i++) {
        if (i == PACKAGE_FILES_MAX)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "more than %d package_file= are given",
                           PACKAGE_FILES_MAX);
        aq_autoclose int file = aq_open_input(local, err);
        if (file < 0)
            return -1;
        const char *slash = strrchr(local, '/');
        paths[i] = aq_format("%s/%zu/%s", folder, i, slash != NULL ? slash + 1 : local);
        const struct aq_guest_put put = {
            .fd = file, .path = paths[i], .make_folders = true, .deadline = work->deadline};
        if (aq_channel_put(work->channel, &put, err) < 0)
            return -1;
    }
    return 0;
}

static int install_files(struct work *work, struct aq_error *err)
{
    char name[17], *paths[PACKAGE_FILES_MAX + 1] = {NULL};
    aq_autofree char *folder = aq_format("/var/tmp/address-qemu-%s", aq_random_name(name, sizeof name));
    const char *const clear[] = {"rm", "-rf", folder, NULL};
    if (make_folder(work, folder, err) < 0)
        return -1;
    int done = put_packages(work, folder, paths, err);
    if (done == 0)
        done = must_step(work, work->manager->install_files, (const char *const *)paths, err);
    struct aq_error ignored = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_channel_exec(work->channel, &(struct aq_guest_exec){.argv = clear, .deadline = aq_after_ms(STARTS_MS)},
                    &exit, &ignored);
    for (size_t i = 0; paths[i] != NULL; i++)
        free(paths[i]);
    return done;
}

static int install(struct work *work, struct aq_error *err)
{
    static const char *const names[] = {package, NULL};
    if (aq_arg_given(work->call, "package_file"))
        return install_files(work, err);
    if (work->manager->refresh != NULL && must_step(work, work->manager->refresh, NULL, err) < 0)
        return -1;
    return must_step(work, work->manager->install, names, err);
}

/* A step that fails may not matter (a unit that cannot be enabled starts by itself): whether the agent
 * answers does. */
static int start(struct work *work, struct aq_error *err)
{
    for (const char *const *const *command = aq_service_commands(&work->distribution); *command != NULL;
         command++) {
        struct aq_error own = {0};
        aq_autoguestexit struct aq_guest_exit exit = {0};
        if (step(work, *command, NULL, &exit, &own) < 0 && own.code != AQ_E_GUEST_FILE_NOT_FOUND)
            return aq_fail(err, own.code, "%s", own.text);
    }
    return 0;
}

static int verify(const struct work *work, const struct aq_vm *vm, struct aq_error *err)
{
    static const char *const argv[] = {"true", NULL};
    aq_autoguest struct aq_guest agent = AQ_GUEST_CLOSED;
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error refusal = {0};
    if (!agent_answers(vm, STARTS_MS, &agent))
        return aq_fail(err, AQ_E_AGENT_MISSING,
                       "the package %s is installed in the guest of %s, but the agent does not answer; "
                       "QEMU_STEPS has what "
                       "was run",
                       package, vm->name);
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(STARTS_MS)};
    bool allowed = aq_channel_exec(agent.channel, &exec, &exit, &refusal) == 0;
    aq_result_set_bool(work->call->result, "EXEC_ALLOWED", allowed);
    aq_result_say(work->call->result, "the guest agent is installed in %s (%s, by %s) and answers", vm->name,
                  work->distribution.name, work->manager->name);
    if (!allowed)
        aq_result_say_more(work->call->result, "; but it refuses to run commands: %s", refusal.text);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 || aq_run_need(&vm, &run, err) < 0 ||
        aq_run_need_awake(&vm, &run, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED, agent = AQ_GUEST_CLOSED;
    bool there = agent_answers(&vm, ANSWERS_MS, &agent);
    aq_result_set_bool(call->result, "SKIPPED", there);
    if (there) {
        aq_set_method(call->result, &agent);
        aq_result_say(call->result, "the guest agent of %s answers already", vm.name);
        return 0;
    }
    aq_guest_close(&agent);
    enum aq_method method = aq_method_of(aq_arg_text(call, "method"));
    if (aq_guest_open(&vm, method, aq_ready_deadline(call, &run), &guest, err) < 0)
        return -1;
    aq_set_method(call->result, &guest);
    struct work work = {.call = call,
                        .channel = guest.channel,
                        .deadline = aq_after_ms(aq_arg_number(call, "timeout")),
                        .steps = aq_result_table(call->result, "STEPS")};
    if (probe(&work, err) < 0 || install(&work, err) < 0 || start(&work, err) < 0)
        return -1;
    return verify(&work, &vm, err);
}
