/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/suggest.h"

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
    "A FILE that is called - is standard input, except to --provision.\n"
    "\n"
    "  -t[LETTER]   trace, as the TRACE instruction with that letter (A unless given)\n"
    "  -a           hand the arguments over one by one, not as one string\n"
    "  -r           safe mode: no commands, no writing\n"
    "  --dialect=D  read the script as D: regina, rexxjs or auto (find out; so unless given)\n"
    "  --version    say which versions these are\n"
    "  --help       this\n"
    "\n"
    "Regina's -i, -v, -p, -c and -l work as they do there. ADDRESS QEMU is there from the start:\n"
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

#define LONG_OPTIONS (sizeof long_options / sizeof *long_options)

static void fail(struct aq_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct aq_options *options, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(options->problem, sizeof options->problem, format, args);
    va_end(args);
    options->mode = AQ_MODE_WRONG;
}

/* An option that looks like a file of `mode` since it comes behind it; NULL if there is none. Only --check
   has more than one file; behind those of the others are the script's arguments. */
static const char *find_misplaced(char **words, const char *wants, enum aq_mode mode)
{
    for (; strcmp(wants, "FILE") == 0 && *words != NULL; words++) {
        if (strncmp(*words, "--", 2) == 0)
            return *words;
        if (mode != AQ_MODE_CHECK)
            break;
    }
    return NULL;
}

/* What the option that says what to do is about. */
static void take_operand(char **argv, const char *wants, struct aq_options *options)
{
    bool empty = argv[1] != NULL && *argv[1] == '\0' && options->mode == AQ_MODE_STDIN_UNTIL;
    const char *misplaced = find_misplaced(argv + 1, wants, options->mode);
    options->subject = argv[1];
    if (argv[1] == NULL || empty)
        fail(options, "%s needs %s", argv[0], wants);
    else if (misplaced != NULL)
        fail(options, "%.60s has to come before %s", misplaced, argv[0]);
    else if (options->mode != AQ_MODE_CHECK) /* of which there may be several */
        options->args++;
}

/* An option that says what to do: 1, and the rest of the line is its own; 0 for any other word. */
static int take_mode(char **argv, struct aq_options *options)
{
    for (unsigned i = 0; i < LONG_OPTIONS; i++) {
        if (strcmp(argv[0], long_options[i].name) != 0)
            continue;
        options->mode = long_options[i].mode;
        options->args = argv + 1;
        if (long_options[i].wants != NULL)
            take_operand(argv, long_options[i].wants, options);
        return 1;
    }
    return 0;
}

static void take_trace(const char *letters, struct aq_options *options)
{
    size_t used = strlen(options->trace);
    if (*letters == '\0')
        letters = "A";
    if (strlen(letters) < sizeof options->trace - used)
        memcpy(options->trace + used, letters, strlen(letters) + 1);
    else
        fail(options, "-t%.80s is too long for a trace", letters);
}

/* Letters behind one dash, as Regina reads them: what follows a t belongs to it. 1; 0 for any other word. */
static int take_letters(const char *word, struct aq_options *options)
{
    if (word[0] != '-' || word[1] == '-' || word[1] == '\0')
        return 0;
    const char *letter = word + 1 + strspn(word + 1, "ar");
    options->separate |= memchr(word, 'a', (size_t)(letter - word)) != NULL;
    options->restricted |= memchr(word, 'r', (size_t)(letter - word)) != NULL;
    if (*letter == 't')
        take_trace(letter + 1, options);
    else if (*letter == 'h' || *letter == '?')
        options->mode = AQ_MODE_HELP;
    else if (*letter != '\0' && strchr("cdilpvy", *letter) != NULL)
        options->mode = AQ_MODE_REGINA;
    else if (*letter != '\0')
        fail(options, "there is no option %.80s; see rexx --help", word);
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
    fail(options, "there is no dialect \"%.60s\": auto, regina, rexxjs", word + strlen(prefix));
    return 1;
}

/* Two dashes and a word that nothing else has taken: 1; 0 for any other word. */
static int refuse_unknown(const char *word, struct aq_options *options)
{
    const char *known[LONG_OPTIONS + 1] = {"--dialect=D"};
    if (strncmp(word, "--", 2) != 0 || word[2] == '\0')
        return 0;
    for (unsigned i = 0; i < LONG_OPTIONS; i++)
        known[i + 1] = long_options[i].name;
    const char *near = aq_suggest(word, known, LONG_OPTIONS + 1);
    if (near != NULL)
        fail(options, "there is no option %.60s; did you mean %s?", word, near);
    else
        fail(options, "there is no option %.60s; see rexx --help", word);
    return 1;
}

/* An option that more may follow: 1; 0 for one that says what to do, what is wrong, or for no option. */
static int take_option(const char *word, struct aq_options *options)
{
    enum aq_mode before = options->mode;
    return (take_letters(word, options) || take_dialect(word, options) || refuse_unknown(word, options)) &&
           options->mode == before;
}

void aq_options_parse(int argc, char **argv, struct aq_options *options)
{
    *options = (struct aq_options){.mode = AQ_MODE_STDIN, .args = argv + argc};
    char **word = argv + 1;
    bool said = false; /* what to do */
    while (*word != NULL && !(said = take_mode(word, options)) && take_option(*word, options))
        word++;
    if (!said && *word != NULL && strcmp(*word, "--") == 0)
        word++;
    if (!said && *word != NULL && options->mode == AQ_MODE_STDIN) {
        options->mode = strcmp(*word, "-") == 0 ? AQ_MODE_STDIN : AQ_MODE_FILE; /* behind "--" */
        options->subject = *word;
        options->args = word + 1;
    }
    options->arg_count = (int)(argv + argc - options->args);
}
