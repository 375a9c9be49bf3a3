/* streams, by character and by line */
f = 'files.tmp'
call stream f, 'c', 'open write replace'
say lineout(f, 'first') lineout(f, 'second') charout(f, 'th') charout(f, 'ird'd2c(10)) lineout(f, '')
call stream f, 'c', 'close'
say stream(f, 'c', 'query exists') <> '' stream(f, 'c', 'query size') stream(f) stream(f, 's')
say lines(f) linein(f) linein(f, 1, 0)'|' lines(f, 'c') chars(f) charin(f, , 3) charin(f)
say linein(f) linein(f) '<'linein(f)'>' '<'linein(f)'>' lines(f) chars(f) stream(f) stream(f, 'd')
say stream(f, 'c', 'seek =1 read') charin(f, 3, 2) linein(f, 2) stream(f, 'c', 'query position read')
call stream f, 'c', 'close'
say stream(f, 'c', 'open both') charout(f, 'X', 1) charin(f, 1, 5)
call lineout f
call stream f, 'c', 'open write append'
call lineout f, 'appended'
call lineout f
do while lines(f) > 0
    say '<'linein(f)'>'
end
call lineout f
say stream('nothere.tmp', 'c', 'query exists')'|' stream('nothere.tmp', 'c', 'open read') stream('nothere.tmp', 'd')
say filespec('n', '/a/b.c') filespec('p', '/a/b.c') filespec('d', '/a/b.c')'|' qualify('/x/./y')
options 'AREXX_BIFS'
say open(f, 'r') readch(f, 3) readln(f) eof(f) close(f) close(f)
say open(f, 'w') writech(f, 'abc') writeln(f, 'def') close(f) exists(f) exists('nothere.tmp') linein(f)
'rm -f' f
say rc state(f)
say charin() '<'linein()'>'
pull a; parse pull b
say a'|' b'|' lines() chars()
say charout(, 'no newline') lineout(, '') lineout(, 'a line')
call charout 'stderr', 'to stderr'; call lineout '<stderr>', ''; call lineout '<stdout>', 'out'
