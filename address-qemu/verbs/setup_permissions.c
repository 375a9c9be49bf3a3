/* SPDX-License-Identifier: MIT */
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/process.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"username", AQ_TYPE_TEXT, .positional = true, .aliases = "user",
     .meaning = "who is to use KVM; whoever runs this unless given"},
    {"apply", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "do it (as root); otherwise it is only shown"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"USER", "whose permissions"},
    {"COUNT", "how many commands it takes"},
    {"COMMANDS.n.COMMAND", "one of them, for root; also `WHY` and `DONE`"},
    {NULL},
};

const struct aq_verb aq_verb_setup_permissions = {
    .name = "setup_permissions",
    .group = "Host",
    .summary = "Show, or do, what lets a user run VMs under KVM",
    .details = "By the group `kvm`: the device is never opened to everybody. Whether KVM then runs guests is "
               "another question: `verify_host` tries it.",
    .params = params,
    .sets = sets,
    .example = "setup_permissions username=anna",
    .run = run,
};

#define KVM_DEVICE "/dev/kvm"
#define KVM_GROUP "kvm"
enum { STEP_WORDS = 5, STEPS_MAX = 4, GROUPS_MAX = 256, COMMAND_MS = 30000 };

/* One thing to be done, as a command of root's. */
struct step {
    const char *argv[STEP_WORDS];
    const char *why;
};

struct plan {
    struct step steps[STEPS_MAX];
    unsigned count;
};

static void add(struct plan *plan, struct step step)
{
    plan->steps[plan->count++] = step;
}

static bool is_member(const struct passwd *user, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    getgrouplist(user->pw_name, user->pw_gid, groups, &count);
    for (int i = 0; i < count && i < GROUPS_MAX; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* The device is for root and the group alone: it is never opened to everybody. Where the host has it so
 * already, nothing is to be done. */
static void make_plan(const struct passwd *user, struct plan *plan)
{
    struct stat device;
    const struct group *group = getgrnam(KVM_GROUP);
    bool there = stat(KVM_DEVICE, &device) == 0;
    if (user->pw_uid == 0 || (there && (device.st_mode & 06) == 06))
        return;
    if (group == NULL)
        add(plan, (struct step){{"groupadd", "--system", KVM_GROUP}, "there is no group " KVM_GROUP});
    if (there && (group == NULL || device.st_gid != group->gr_gid))
        add(plan, (struct step){{"chgrp", KVM_GROUP, KVM_DEVICE}, "the device is not that group's"});
    if (there && (device.st_mode & 060) != 060)
        add(plan, (struct step){{"chmod", "g+rw", KVM_DEVICE}, "the group may not use the device"});
    if (group == NULL || !is_member(user, group->gr_gid))
        add(plan, (struct step){{"usermod", "-aG", KVM_GROUP, user->pw_name},
                                "the user is not in the group; this counts from the next login"});
}

static int apply(const struct step *step, struct aq_error *err)
{
    const struct aq_process process = {.argv = step->argv, .deadline = aq_after_ms(COMMAND_MS)};
    return aq_process_check(&process, NULL, err);
}

static int take_step(struct aq_call *call, const struct step *step, bool applied, struct aq_error *err)
{
    struct aq_table *table = aq_result_table(call->result, "COMMANDS");
    aq_autobuffer struct aq_buffer command = {0};
    for (const char *const *word = step->argv; *word != NULL; word++)
        aq_buffer_format(&command, "%s%s", word != step->argv ? " " : "", *word);
    aq_table_row(table);
    aq_table_text(table, "COMMAND", aq_buffer_text(&command));
    aq_table_text(table, "WHY", step->why);
    if (applied && apply(step, err) < 0)
        return -1;
    aq_table_bool(table, "DONE", applied);
    aq_result_say_more(call->result, "%s%-40s # %s\n", applied ? "done: " : "", aq_buffer_text(&command),
                       step->why);
    return 0;
}

/* Whose permissions: as named, or whoever runs this. */
static const struct passwd *user_of(const struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "username");
    const struct passwd *user = name != NULL ? getpwnam(name) : getpwuid(getuid());
    if (user == NULL && name != NULL)
        aq_fail(err, AQ_E_VALUE_INVALID, "this host has no user %s", name);
    else if (user == NULL)
        aq_fail(err, AQ_E_VALUE_INVALID, "user %u has no name on this host; say username=", getuid());
    return user;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    bool applied = aq_arg_bool(call, "apply");
    const struct passwd *user = user_of(call, err);
    if (user == NULL)
        return -1;
    struct plan plan = {0};
    make_plan(user, &plan);
    aq_result_set_text(call->result, "USER", user->pw_name);
    aq_result_set_int(call->result, "COUNT", plan.count);
    if (plan.count == 0)
        aq_result_say(call->result, "%s may use KVM as far as permissions go", user->pw_name);
    if (applied && plan.count > 0 && geteuid() != 0)
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "only root can set permissions; without apply=true the commands are shown");
    for (unsigned i = 0; i < plan.count; i++)
        if (take_step(call, &plan.steps[i], applied, err) < 0)
            return -1;
    return 0;
}
