/* traps of every kind */
signal on novalue name nv
say unset
nv:
say 'novalue' condition('D') sigl
signal on syntax name sx
say 1 / 0
sx:
say 'syntax' rc sigl errortext(rc)
call on error name er
'exit 3'
say 'on after' rc
call off error
'exit 4'
say 'off after' rc
signal on notready name nr
call linein '/nonexistent'
x = linein('/nonexistent')
nr:
say 'notready' condition('C')
signal on halt
signal on syntax name again
x = 'a' + 1
exit
er: say 'error' rc sigl condition('D'); return
again:
say 'again' rc
exit 11
halt: exit 12
