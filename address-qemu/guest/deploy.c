/* SPDX-License-Identifier: MIT */
#include "guest/deploy.h"

#include <string.h>

#include "guest/channel_ops.h"
#include "guest/shell.h"
#include "util/random.h"

/* $1: the program to be tried. It has to run a script of its own accord: an error of it may have any exit
   code, and a shell would say something else. */
static const char try_script[] =
    "s=$1.rexx; trap 'rm -f \"$s\"' EXIT\n"
    "echo 'say 6*7' >\"$s\" || exit 1\n"
    "answer=$(\"$1\" \"$s\" 2>&1)\n"
    "[ \"$answer\" = 42 ] && exit 0\n"
    "echo \"it does not run REXX there: ${answer:-it said nothing}\" >&2; exit 1\n";

/* $1: what the link leads to, $2: the link. */
static const char link_script[] = "mkdir -p \"${2%/*}/\" && ln -s \"$1\" \"$2\"\n";

/* $1: from, $2: to. mv would go into a folder, also through a link. */
static const char move_script[] = "[ ! -d \"$2\" ] || { echo 'it is a folder' >&2; exit 1; }\n"
                                  "mv -f \"$1\" \"$2\"\n";

static const char remove_script[] = "rm -f \"$1\" \"$1.rexx\"\n";

enum { CLEAR_UP_MS = 10000 };

static int run(struct aq_channel *channel, const char *script, const char *first, const char *second,
               const struct aq_guest_deployment *deployment, struct aq_error *err)
{
    const char *const arguments[] = {first, second, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_guest_shell(channel, script, arguments, deployment->deadline, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0 ? 0 : aq_guest_shell_fail(&exit, AQ_E_GUEST_REFUSED, deployment->target, err);
}

static int bring(struct aq_channel *channel, const struct aq_guest_deployment *deployment,
                 const char *temporary, struct aq_error *err)
{
    if (deployment->fd < 0)
        return run(channel, link_script, deployment->link, temporary, deployment, err);
    const struct aq_guest_put put = {.fd = deployment->fd,
                                     .path = temporary,
                                     .mode = 0755,
                                     .make_folders = true,
                                     .deadline = deployment->deadline};
    return aq_channel_put(channel, &put, err);
}

/* Also after an interruption: otherwise a program would be left under a name that nobody knows. */
static void discard(struct aq_channel *channel, const char *temporary)
{
    const char *const arguments[] = {temporary, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    aq_guest_shell(channel, remove_script, arguments, aq_after_ms(CLEAR_UP_MS), &exit, &ignored);
    aq_interrupt_release();
}

int aq_guest_deploy(struct aq_channel *channel, const struct aq_guest_deployment *deployment,
                    struct aq_error *err)
{
    char random[11];
    const char *name = strrchr(deployment->target, '/') + 1;
    aq_autofree char *temporary = aq_format("%.*s.%s.%s", (int)(name - deployment->target),
                                            deployment->target, name, aq_random_name(random, sizeof random));
    if (bring(channel, deployment, temporary, err) == 0 &&
        run(channel, try_script, temporary, NULL, deployment, err) == 0 &&
        run(channel, move_script, temporary, deployment->target, deployment, err) == 0)
        return 0;
    discard(channel, temporary);
    return -1;
}
