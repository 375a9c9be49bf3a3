/* SPDX-License-Identifier: MIT */
#include "guest/ssh_shell.h"

#include <string.h>

#include "guest/shell_scripts.h"
#include "guest/side.h"

/* Watches over the command, the process $$ that this shell becomes, as long as it is there and has not got
   another parent: sshd's process for the connection, which goes with it. Signals to all that the command has
   started are not for it. Both are told from later processes
   of the same number by what /proc/PID/stat says of the start (its field 22; field 4 is the parent). */
#define GUARD_BEGIN                                                                                          \
    "if [ -r /proc/$$/stat ];then (trap '' HUP INT TERM;cd /;unset AQ_COMMAND;exec </dev/null >/dev/null "   \
    "2>&1;p=$PPID;t=;while "                                                                                 \
    ":;do "                                                                                                  \
    "{ read -r a </proc/$$/stat;} 2>/dev/null||exit;a=${a##*) };set -- $a;: \"${t:=${20}}\";"                \
    "[ \"${20}\" = \"$t\" ]||exit;[ \"$2\" = \"$p\" ]||exec /bin/sh -c "
#define GUARD_END " address-qemu \"$m\" /dev/null/none $$ sure;sleep 1;done)& fi;"

/* Quotes it for the shell, on one line: $n is a line's end. */
static void add_quoted(struct aq_buffer *line, const char *text)
{
    aq_buffer_add_char(line, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            aq_buffer_add_text(line, "'\\''");
        else if (*text == '\n')
            aq_buffer_add_text(line, "'\"$n\"'");
        else
            aq_buffer_add_char(line, *text);
    }
    aq_buffer_add_char(line, '\'');
}

static void add_words(struct aq_buffer *line, const char *before, const char *const *words)
{
    aq_buffer_add_text(line, before);
    for (; *words != NULL; words++) {
        aq_buffer_add_char(line, ' ');
        add_quoted(line, *words);
    }
    aq_buffer_add_char(line, ';');
}

/* The files of a side channel, in a folder that nobody else can enter. */
static void add_side(struct aq_buffer *line, bool wanted)
{
    aq_buffer_add_text(line, "export " AQ_SIDE_VARIABLE "=");
    if (wanted)
        aq_buffer_add_text(line, AQ_SIDE_BY_FILE AQ_SSH_SIDE_FOLDER
                           "$m/" AQ_SSH_SIDE_NAME ";(umask 077;mkdir " AQ_SSH_SIDE_FOLDER
                           "$m&&cd " AQ_SSH_SIDE_FOLDER "$m&&: >" AQ_SSH_SIDE_NAME AQ_SIDE_SAID
                           "&&: >" AQ_SSH_SIDE_NAME AQ_SIDE_TOLD ")||no side");
    aq_buffer_add_char(line, ';');
}

void aq_ssh_shell_line(const struct aq_guest_exec *exec, const char *mark, bool guarded,
                       struct aq_buffer *line)
{
    aq_buffer_format(line, "n=$(printf '\\n.');n=${n%%.};m=%s;no(){ echo \"$m $1\";exit 127;};", mark);
    aq_buffer_add_text(line,
                       "export \"AQ_COMMAND=$m\" \"HOME=${HOME:-/root}\" "
                       "\"PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}\";");
    if (exec->environment != NULL && exec->environment[0] != NULL)
        add_words(line, "export", exec->environment);
    const char *const folder[] = {exec->working_dir == NULL ? "/" : exec->working_dir, NULL};
    add_words(line, "cd -- ", folder);
    line->data[--line->length] = '\0'; /* the ; */
    aq_buffer_add_text(line, " 2>/dev/null||no folder;");
    if (guarded) {
        aq_buffer_add_text(line, GUARD_BEGIN);
        add_quoted(line, aq_script_kill);
        aq_buffer_add_text(line, GUARD_END);
    }
    add_side(line, exec->side != NULL);
    add_words(line, "set --", exec->argv);
    aq_buffer_add_text(line, "command -v \"$1\" >/dev/null||{ [ -e \"$1\" ]&&no program;no absent;};"
                             "case $1 in */*)[ -f \"$1\" ]&&[ -x \"$1\" ]||no program;;esac;"
                             "echo \"$m ok $$\";echo \"$m\" >&2;unset n m;exec \"$@\"\n");
}
