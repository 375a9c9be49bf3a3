x = 1; y = 2; z.1 = 'stem'
call hide
say x y
call show
say x y z.1 z.2
say fact(10) fib(15)
say recurse('abcdef')
exit fact(4)
hide: procedure
x = 99
return
show: procedure expose x z.
x = 5; y = 6; z.2 = 'set'
return
fact: procedure
arg n
if n <= 1 then return 1
return n * fact(n - 1)
fib: procedure
arg n
if n < 2 then return n
return fib(n - 1) + fib(n - 2)
recurse: procedure
parse arg s
if s = '' then return ''
return recurse(substr(s, 2)) || left(s, 1)
