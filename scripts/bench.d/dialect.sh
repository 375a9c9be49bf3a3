#!/bin/bash
# What it costs to look through a plain script, against Regina's own reading of it, and to translate RexxJS.
. "$SOURCE_DIR/scripts/bench.d/functions"

# body: 10,000 lines that are read and never run
body() {
    awk 'BEGIN {
        for (i = 0; i < 1000; i++) {
            print "/* part " i ": what it does, and why */"
            print "call setup \047part " i "\047, " i ", \"two\""
            print "do i = 1 to words(list) while total < 100"
            print "  item = word(list, i)   -- take it"
            print "  if pos(\047x\047, item) > 0 then do"
            print "    count.item = count.item + 1; say \047found\047 item \047at\047 i"
            print "  end"
            print "  else total = total + length(item) // 7"
            print "end"
            print "parse var line first \047=\047 rest"
        }
    }'
}

{ echo exit; for _ in $(seq 20); do body; done; echo 'setup: return'; } >plain.rexx
{ echo 'LET x = 1'; body | sed 's/^  item = .*/  LET item = "{{word}} of {{list}}"/; s/count.item = count.item + 1/count.item += 1/'; } >part
for _ in $(seq 20); do cat part; done >rexxjs.rexx

# cpu COMMAND …: microseconds of processor time, which other work on the machine disturbs least
cpu() {
    local TIMEFORMAT='%U %S'
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{print int(($1 + $2) * 1000000)}'
}
ours() { echo $(($(cpu rexx --translate plain.rexx) / 20)); }
peer() { echo $(($(cpu regina ./plain.rexx) / 20)); }
read -r mine theirs < <(compare 11 ours peer)
row 'a plain script of 10,000 lines, against regina' "$mine" "$theirs" ratio 0.05

rexxjs() { echo $(($(cpu rexx --translate rexxjs.rexx) / 200)); }
row '1,000 lines of RexxJS' "$(for _ in $(seq 11); do rexxjs; done | median)" '' max 1000
