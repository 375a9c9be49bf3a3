/* SPDX-License-Identifier: MIT */
#include "guest/shell_scripts.h"

#include <string.h>

#include "guest/channel.h"

/* A process that has ended and only waits to be taken notice of (state Z) needs no killing. The shell that
   runs this may be a descendant too ($$). */
const char aq_script_kill[] =
    "mark=$1 pid=$3 sure=$4; rm -f \"$2.in\" \"$2.out\" \"$2.err\" \"$2.said\" \"$2.told\"\n"
    "for round in 1 2 3 4 5; do\n"
    "  doomed=' '\n"
    "  if [ \"$sure\" = sure ] || grep -qs \"$mark\" \"/proc/$pid/cmdline\"; then\n"
    "    { read -r line <\"/proc/$pid/stat\"; } 2>/dev/null && case ${line##*) } in Z*) ;; "
    "*) doomed=\" $pid \";; esac\n"
    "  fi\n"
    "  for e in $(grep -ls \"AQ_COMMAND=$mark\" /proc/[0-9]*/environ); do\n"
    "    e=${e#/proc/}; e=${e%/environ}; [ \"$e\" = $$ ] || doomed=\"$doomed$e \"\n"
    "  done\n"
    "  more=1\n"
    "  while [ $more = 1 ]; do\n"
    "    more=0\n"
    "    for s in /proc/[0-9]*/stat; do\n"
    "      { read -r line <\"$s\"; } 2>/dev/null || continue\n"
    "      p=${line%% *}; set -- ${line##*) }; [ \"$p\" = $$ ] && continue\n"
    "      case $doomed in\n"
    "      *\" $p \"*) ;;\n"
    "      *\" $2 \"*) [ \"$1\" = Z ] || { doomed=\"$doomed$p \"; more=1; };;\n"
    "      esac\n"
    "    done\n"
    "  done\n"
    "  [ \"$doomed\" = ' ' ] && exit 0\n"
    "  kill -9 $doomed 2>/dev/null\n"
    "  [ $round -gt 1 ] && sleep 1\n"
    "done\n"
    "exit 1\n";

#define PREPARE                                                                                              \
    "d=${1%/*}; d=${d:-/}\n"                                                                                 \
    "[ \"$3\" = yes ] && { (umask 022; mkdir -p \"$d\") || exit 13; }\n"                                     \
    "[ -d \"$d\" ] || exit 11\n"                                                                             \
    "[ -d \"$1\" ] && [ ! -L \"$1\" ] && exit 12\n"                                                          \
    "[ -e \"$1\" ] && [ ! -f \"$1\" ] && [ ! -L \"$1\" ] && exit 15\n"                                       \
    "umask 077; (: >\"$2\") || exit 13\n"

/* mv would go through a link to a folder. */
#define COMMIT                                                                                               \
    "f=$1 t=$2 mode=$3 owner=$4 sum=\"$5 $6\" size=$6\n"                                                     \
    "no() { rm -f \"$t\"; exit $1; }\n"                                                                      \
    "[ -n \"$mode\" ] || no 0\n"                                                                             \
    "if command -v cksum >/dev/null; then set -- $(cksum <\"$t\"); [ \"$1 $2\" = \"$sum\" ] || no 21\n"      \
    "else set -- $(wc -c <\"$t\"); [ \"$1\" = \"$size\" ] || no 21; fi\n"                                    \
    "[ -z \"$owner\" ] || chown \"$owner\" \"$t\" || no 14\n"                                                \
    "chmod \"$mode\" \"$t\" || no 13\n"                                                                      \
    "[ -L \"$f\" ] && [ -d \"$f\" ] && rm -f \"$f\"\n"                                                       \
    "mv -f \"$t\" \"$f\" || no 13\n"

#define LOOK                                                                                                 \
    "[ -e \"$1\" ] || exit 11\n"                                                                             \
    "[ -d \"$1\" ] && exit 12\n"                                                                             \
    "[ -f \"$1\" ] || exit 15\n"                                                                             \
    "[ -r \"$1\" ] || exit 13\n"                                                                             \
    "stat -L -c %a \"$1\" 2>/dev/null || echo 644\n"

const char aq_script_prepare[] = PREPARE;
const char aq_script_commit[] = COMMIT;
const char aq_script_receive[] = PREPARE "cat >\"$2\" || { rm -f \"$2\"; exit 13; }\n"
                                         "set -- \"$1\" \"$2\" \"$4\" \"$5\" \"$6\" \"$7\"\n" COMMIT;
const char aq_script_look[] = LOOK;
const char aq_script_send[] = LOOK "exec cat \"$1\"\n";
const char aq_script_verify[] =
    "command -v cksum >/dev/null || exit 0\n"
    "set -- $(head -c \"$2\" \"$1\" | cksum) \"$3 $2\"; [ \"$1 $2\" = \"$3\" ] || exit 21\n";

int aq_script_fail(int code, const char *path, const char *words, struct aq_error *err)
{
    char text[256];
    aq_guest_printable(words, strcspn(words, "\n"), text);
    switch (code) {
    case AQ_SCRIPT_NO_FILE:
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: %s: no such file or folder", path);
    case AQ_SCRIPT_IS_FOLDER:
        return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s: is a folder", path);
    case AQ_SCRIPT_NO_OWNER:
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: %s: %s", path, text);
    case AQ_SCRIPT_NOT_REGULAR:
        return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s: is not a regular file", path);
    case AQ_SCRIPT_CORRUPT:
        return aq_fail(err, AQ_E_TRANSFER_CORRUPT, "what arrived of %s is not what was sent", path);
    default:
        return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s: %s", path,
                       text[0] != '\0' ? text : "not allowed");
    }
}
