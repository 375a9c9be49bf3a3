/* conditions: by signal and by call, within routines and loops */
signal on novalue
do i = 1 to 2
    say i nothing.i
end
novalue: say 'novalue' sigl condition('c') condition('d') condition('i') condition('s')
call on error name trouble
call on failure name trouble
'exit 3'
'nosuchcommandhere 2>/dev/null'
say 'after' rc
'kill -9 $$'
say 'after' rc
call off failure
'kill -9 $$'
say 'off' rc
call on notready name later
x = linein('/nosuch/file')
say 'read' x
do n = 1 to 3
    call guarded n
    say 'back' n result
end
signal on lostdigits
numeric digits 3
y = 12345 + 0
say 'not reached?' y
signal afterlost
lostdigits: say 'lost' condition('d')
afterlost:
numeric digits 9
signal on syntax name first
say substr('a', 0)
first: say 'first' rc sigl condition('d') errortext(rc)
signal on syntax name second
interpret 'say (1'
second: say 'second' rc sigl
signal on syntax name third
x = nosuchfunction(1)
third: say 'third' rc sigl
signal on syntax name fourth
call nosuchroutine
fourth: say 'fourth' rc sigl
signal on syntax name fifth
raise 'x'
fifth: say 'fifth' rc sigl
signal value 'com' || 'puted'
say 'passed over'
computed: say 'computed' sigl
signal on halt name stopped
'kill -INT' getpid()
do 3; nop; end
say 'no halt'
exit
stopped: say 'halt' condition('c')
exit 4
trouble: say 'trouble' rc sigl condition('c') condition('d') condition('s'); return
later: say 'later' condition('c') condition('d'); return
guarded: procedure
signal on syntax
if arg(1) = 2 then return 1 / 0
return arg(1) * 2
syntax: return 'guarded' rc
