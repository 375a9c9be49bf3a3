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
{
    echo 'LET x = 1'
    body | sed -e 's/^  item = .*/  LET item = "{{word}} of {{list}}"/' -e 's/count.item = count.item + 1/count.item += 1/' \
        -e 's/^parse var .*/LET o = JSON_PARSE(text=line); LET p = {a: o.name, b: [item]}; SAY p.b[0] != "x"/'
} >part
for _ in $(seq 20); do cat part; done >rexxjs.rexx

# In one process and of processor time, which other work on the machine disturbs least.
program=$BUILD_DIR/tests/bench/bench-translate
read -r mine theirs < <("$program" plain.rexx)
row 'a plain script of 200,000 lines, against regina' $((mine / 1000)) $((theirs / 1000)) ratio 0.05
read -r mine _ < <("$program" rexxjs.rexx alone)
row '1,000 lines of RexxJS' $((mine / 1000 / 200)) '' max 1000
