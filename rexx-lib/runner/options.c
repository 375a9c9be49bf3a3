/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdio.h>
#include <string.h>

const char aq_options_help[] =
    "Usage: rexx [OPTION …] FILE [ARGUMENT …]     run the REXX script FILE\n"
    "       rexx [OPTION …] --stdin [ARGUMENT …]  run the script that comes on standard input (also: -)\n"
    "       rexx [OPTION …] -e CODE [ARGUMENT …]  run CODE\n"
    "       rexx [OPTION …] --stdin-until MARK [ARGUMENT …]\n"
    "                                             the same, up to the line MARK; what follows is the "
    "script's\n"
    "                                             own standard input\n"
    "       rexx --provision FILE [ARGUMENT …]    run FILE in a virtual machine of its own\n"
    "       rexx [OPTION …] --remote [USER@]HOST[:PORT] FILE [ARGUMENT …]\n"
    "                                             run FILE on another machine, through SSH, as it would run "
    "here\n"
    "       rexx [OPTION …] --check FILE …        say what is wrong with scripts and their headers; run "
    "nothing\n"
    "       rexx [OPTION …] --translate FILE      print FILE as it is run: RexxJS style made plain REXX\n"
    "\n"
    "  -t[LETTER]   trace, as the TRACE instruction with that letter (A unless given)\n"
    "  -a           hand the arguments over one by one, not as one string\n"
    "  -r           safe mode: no commands, no writing\n"
    "  --dialect=D  read the script as D: regina, rexxjs or auto (find out; so unless given)\n"
    "  --version    say which versions these are\n"
    "  --help       this\n"
    "\n"
    "Regina's -i, -v, -c and -l work as they do there. ADDRESS QEMU is there from the start:\n"
    "  rexx -e 'address qemu \"help\"; say qemu_output'\n";

static const struct {
    const char *name;
    enum aq_mode mode;
    const char *wants; /* its operand, if it has one */
} long_options[] = {
    {"-", AQ_MODE_STDIN, NULL},
    {"--stdin", AQ_MODE_STDIN, NULL},
    {"--stdin-until", AQ_MODE_STDIN_UNTIL, "MARK"},
    {"-e", AQ_MODE_CODE, "CODE"},
    {"--provision", AQ_MODE_PROVISION, "FILE"},
    {"--remote", AQ_MODE_REMOTE, "[USER@]HOST"},
    {"--translate", AQ_MODE_TRANSLATE, "FILE"},
    {"--check", AQ_MODE_CHECK, "FILE"},
    {"--serve", AQ_MODE_SERVE, NULL},
    {"--grow", AQ_MODE_GROW, NULL},
    {"--help", AQ_MODE_HELP, NULL},
    {"--version", AQ_MODE_VERSION, NULL},
};

/* An option that says what to do: 1, and the rest of the line is its own; 0 for any other word. */
static int take_mode(char **argv, struct aq_options *options)
{
    for (unsigned i = 0; i < sizeof long_options / sizeof *long_options; i++) {
        if (strcmp(argv[0], long_options[i].name) != 0)
            continue;
        options->mode = long_options[i].mode;
        options->args = argv + 1;
        if (long_options[i].wants != NULL) {
            options->subject = argv[1];
            bool empty = argv[1] != NULL && *argv[1] == '\0' && options->mode == AQ_MODE_STDIN_UNTIL;
            if (argv[1] == NULL || empty) {
                snprintf(options->problem, sizeof options->problem, "%s needs %s", argv[0],
                         long_options[i].wants);
                options->mode = AQ_MODE_WRONG;
            } else if (options->mode != AQ_MODE_CHECK) /* of which there may be several */
                options->args++;
        }
        return 1;
    }
    return 0;
}

/* One of -t, -a and -r: 1; 0 for any other. */
static int take_flag(const char *word, struct aq_options *options)
{
    size_t used = strlen(options->trace);
    if (strcmp(word, "-a") == 0)
        options->separate = true;
    else if (strcmp(word, "-r") == 0)
        options->restricted = true;
    else if (strncmp(word, "-t", 2) == 0 && strlen(word) < sizeof options->trace - used)
        memcpy(options->trace + used, word[2] != '\0' ? word + 2 : "A",
               word[2] != '\0' ? strlen(word) - 1 : 2);
    else
        return 0;
    return 1;
}

/* --dialect=NAME: 1; 0 for any other word. */
static int take_dialect(const char *word, struct aq_options *options)
{
    static const char prefix[] = "--dialect=";
    static const char *const names[] = {
        [AQ_DIALECT_AUTO] = "auto", [AQ_DIALECT_REGINA] = "regina", [AQ_DIALECT_REXXJS] = "rexxjs"};
    if (strncmp(word, prefix, strlen(prefix)) != 0)
        return 0;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word + strlen(prefix), names[i]) == 0) {
            options->dialect = (enum aq_dialect)i;
            return 1;
        }
    snprintf(options->problem, sizeof options->problem, "there is no dialect %.60s: auto, regina, rexxjs",
             word + strlen(prefix));
    options->mode = AQ_MODE_WRONG;
    return 1;
}

void aq_options_parse(int argc, char **argv, struct aq_options *options)
{
    *options = (struct aq_options){.mode = AQ_MODE_STDIN, .args = argv + argc};
    for (char **word = argv + 1; *word != NULL; word++) {
        if (take_mode(word, options))
            break;
        if (take_flag(*word, options))
            continue;
        if (take_dialect(*word, options)) {
            if (options->mode == AQ_MODE_WRONG)
                break;
            continue;
        }
        if (strncmp(*word, "--", 2) == 0 && (*word)[2] != '\0') {
            snprintf(options->problem, sizeof options->problem, "there is no option %.80s; see rexx --help",
                     *word);
            options->mode = AQ_MODE_WRONG;
            break;
        }
        if ((*word)[0] == '-' && strcmp(*word, "--") != 0) {
            options->mode = AQ_MODE_REGINA;
            break;
        }
        if (strcmp(*word, "--") == 0 && *++word == NULL)
            break;
        options->mode = AQ_MODE_FILE;
        options->subject = *word;
        options->args = word + 1;
        break;
    }
    options->arg_count = (int)(argv + argc - options->args);
}
