/* SPDX-License-Identifier: MIT */
#include "guest/tree_scripts.h"

#define NO "no() { echo \"$2\" >&2; exit $1; }\n"
#define NEED                                                                                                 \
    "for t in tar tee mkfifo sha256sum; do\n"                                                                \
    "  command -v $t >/dev/null || no 14 \"the guest has no $t, which copying folders needs\"\n"             \
    "done\n"

/* Where the stage is: in the folder that is there, else beside the place. */
#define STAGE                                                                                                \
    "d=${1%/*}; d=${d:-/}\n"                                                                                 \
    "if [ -d \"$1\" ] && [ ! -L \"$1\" ]; then s=$1/$2; else s=$d/$2; fi\n"

/* What a killed process left is removed when the next comes by, an hour later at the earliest. */
const char aq_tree_stage_script[] = NO NEED STAGE
    "[ \"$3\" = yes ] && { (umask 022; mkdir -p \"$d\") || exit 13; }\n"
    "[ -d \"$d\" ] || no 11 \"there is no folder $d\"\n"
    "if [ -L \"$1\" ]; then no 13 'it is a link'; fi\n"
    "[ ! -e \"$1\" ] || [ -d \"$1\" ] || no 13 'it is there and no folder'\n"
    "for old in \"${s%/*}\"/" AQ_TREE_STAGE "*; do\n"
    "  [ -n \"$(find \"$old\" -maxdepth 0 -mmin +60 2>/dev/null)\" ] && rm -rf \"$old\"\n"
    "done\n"
    "mkdir -m 700 \"$s\" && mkdir \"$s/tree\" && mkfifo \"$s/pipe\" || exit 13\n"
    "sha256sum <\"$s/pipe\" >\"$s/sum\" &\n"
    "tee \"$s/pipe\" | (cd \"$s/tree\" && EXTRACT_UNSAFE_SYMLINKS=1 exec tar -xpf -) || exit 13\n"
    "wait\n";

/* Links, and what the shell's patterns do not find, are kept in mind: "$e" may be a link that leads nowhere,
   and names may begin with dots. What can be moved by one mv is: a process costs more than a file. */
const char aq_tree_commit_script[] = NO STAGE
    "[ -d \"$s/tree\" ] || no 13 'what was unpacked is gone'\n"
    "read sum rest <\"$s/sum\"; [ \"$sum\" = \"$3\" ] || exit 21\n"
    "[ -z \"$4\" ] || chown -hR \"$4\" \"$s/tree\" || exit 13\n"
    "sync\n"
    "there() { [ -e \"$1\" ] || [ -L \"$1\" ]; }\n"
    "folder() { [ -d \"$1\" ] && [ ! -L \"$1\" ]; }\n"
    "judge() {\n"
    "  for e in \"$1\"/* \"$1\"/.[!.]* \"$1\"/..?*; do\n"
    "    there \"$e\" && there \"$2/${e##*/}\" || continue\n"
    "    if folder \"$e\"; then\n"
    "      folder \"$2/${e##*/}\" || no 13 \"$2/${e##*/} is no folder and would have to become one\"\n"
    "      (judge \"$e\" \"$2/${e##*/}\") || exit 13\n"
    "    elif folder \"$2/${e##*/}\"; then\n"
    "      no 13 \"$2/${e##*/} is a folder and would have to become something else\"\n"
    "    fi\n"
    "  done\n"
    "}\n"
    "join() (\n"
    "  from=$1 to=$2; set --\n"
    "  for e in \"$from\"/* \"$from\"/.[!.]* \"$from\"/..?*; do\n"
    "    there \"$e\" || continue\n"
    "    if folder \"$e\" && folder \"$to/${e##*/}\"; then join \"$e\" \"$to/${e##*/}\" || exit 13; "
    "continue; fi\n"
    "    set -- \"$@\" \"$e\"\n"
    "    [ $# -lt 500 ] || { mv -f \"$@\" \"$to/\" || exit 13; set --; }\n"
    "  done\n"
    "  [ $# -eq 0 ] || mv -f \"$@\" \"$to/\"\n"
    ")\n"
    "if folder \"$1\"; then\n"
    "  judge \"$s/tree\" \"$1\"; join \"$s/tree\" \"$1\" || exit 13\n"
    "else\n"
    "  ! there \"$1\" || no 13 'something has come to be there meanwhile'\n"
    "  mv \"$s/tree\" \"$1\" || exit 13\n"
    "fi\n"
    "rm -rf \"$s\"; sync\n";

const char aq_tree_discard_script[] = "rm -rf \"$1/$2\" \"${1%/*}/$2\"\n";

const char aq_tree_fetch_discard_script[] = "rm -rf \"/run/.aq-$2\" \"/tmp/.aq-$2\" \"/var/tmp/.aq-$2\"\n";

/* A file that has grown while it was read is as it was when that began: that is no failure. */
const char aq_tree_fetch_script[] = NO NEED
    "[ -d \"$1\" ] || { [ -e \"$1\" ] && no 13 'it is no folder'; no 11 'there is no such folder'; }\n"
    "for d in /run /tmp /var/tmp; do t=$d/.aq-$2; mkdir -m 700 \"$t\" 2>/dev/null && break; t=; done\n"
    "[ -n \"$t\" ] || no 13 'there is no folder for working files'\n"
    "trap 'rm -rf \"$t\"' EXIT\n"
    "mkfifo \"$t/pipe\" || exit 13\n"
    "sha256sum <\"$t/pipe\" >\"$t/sum\" &\n"
    "{ tar -cf - -C \"$1\" . 2>\"$t/words\"; echo $? >\"$t/code\"; } | tee \"$t/pipe\"\n"
    "wait\n"
    "read code <\"$t/code\"\n"
    "if [ \"$code\" != 0 ]; then\n"
    "  if [ ! -s \"$t/words\" ] || grep -v 'file changed as we read it' \"$t/words\" >&2; then exit 13; fi\n"
    "fi\n"
    "read sum rest <\"$t/sum\"; echo \"sum $sum\" >&2\n";
