/* what a script can ask about where it runs */
options 'AREXX_BIFS'
say value('HOME', , 'ENVIRONMENT') = value('HOME', , 'SYSTEM') value('NOSUCHVARIABLE', , 'ENVIRONMENT')'|'
call value 'SETHERE', 'it', 'ENVIRONMENT'
'echo $SETHERE'
x.1 = 'a'; i = 1
say value('x.i') value('x.1', 'b') x.1 value('Q') symbol('x.i') symbol('x.2') symbol('1x') symbol('?%') symbol('LIT')
say address() arg() arg(1, 'e') arg(1, 'o') arg(1)'|' sourceline(1) sourceline() > 5 sourceline(2)
say errortext(40) '/' errortext(90) '/' errortext(0)'|'
say queued() trace() digits() form() fuzz() condition()'|' time('e') date('b', '20200229', 's')
say date('w', 1, 'd') date('n', '19991231', 's') date('u', 730000, 'b') date('d', '20241231', 's') date('c', '20000101', 's')
say date('s', '1 Jan 2001') date('e', '20030405', 's') date('o', '20030405', 's') date('m', '20030405', 's') date('t', '19700102', 's')
say time('c', '14:05:06', 'n') time('h', '14:05:06', 'n') time('m', '14:05:06', 'n') time('s', '14:05:06', 'n') time('n', 50000, 's')
say datatype(time('l')) length(time('l')) datatype(date('b'), 'w') datatype(time('r'), 'n') datatype(time('e'), 'n')
say random(5, 5) random(1, 10, 7) random(1, 10) random(100) datatype(random(), 'w') datatype(randu(), 'n')
say rxfuncquery('NOSUCH') rxfuncadd('nosuch', 'nosuchlibrary', 'nosuch') rxfuncdrop('NOSUCH') length(rxfuncerrmsg()) > 0
say uname('s') userid() = value('LOGNAME', , 'ENVIRONMENT') datatype(getpid(), 'w') datatype(gettid(), 'w')
say getenv('SETHERE') putenv('SETHERE=more') getenv('SETHERE') length(unixerror(2)) datatype(storage(), 'w') datatype(freespace(), 'w')
here = directory()
say directory('/') directory() directory('/nosuch')'|' directory() chdir('/usr') directory() cd('/') directory(here) = here
drop x.
say getcallstack('frames.') frames.0 datatype(sleep(0))
say popen('echo one; echo two') queued(); pull a; parse pull b; say a b
room = getspace(4)
say length(room) export(room, 'abcd') import(room, 4) freespace(room, 4)
call buftype
