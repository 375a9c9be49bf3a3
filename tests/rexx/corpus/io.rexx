/* files */
file = value('TMPDIR', , 'SYSTEM') || '/io.txt'
call stream file, 'c', 'open write replace'
call lineout file, 'line one'
call lineout file, 'line two'
call charout file, 'no end'
call stream file, 'c', 'close'
say stream(file, 'c', 'query size')
do while lines(file) > 0
    say linein(file)
end
call stream file, 'c', 'close'
say charin(file, 6, 3)
call stream file, 'c', 'close'
say stream(file, 'c', 'query exists') == file
'rm' file
say rc stream(file, 'c', 'query exists')
say linein('/nonexistent/file') '|' stream('/nonexistent/file', 's')
