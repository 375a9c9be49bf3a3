/* routines within and in files, and what they get and give */
say fact(10) fib(12) ack(1, 3)
call nothing
say symbol('result')
call something 1, , 3
say result arg()
a.1 = 'kept'; a.2 = 'changed'; b = 'seen'; list = 'b a.2'
call exposes
say a.1 a.2 b
say 'inparts'('one', , 'three') 'inparts'()
say inparts(1)
call 'inparts' 'x' 'y', 'z'
say result
call inparts
call value_of_name
say length(copies('x', 100000)) deep(200)
say max(fact(3), fact(4)) || '.' || fact(2)
if fact(3) = 6 then say 'six'; else say 'not six'
do forever; i = i2(); if i > 3 then leave; end
exit fact(3)
value_of_name: say 'called'; return
fact: procedure; parse arg n; if n < 2 then return 1; return n * fact(n - 1)
fib: procedure
    arg n
    if n < 2 then return n
    return fib(n - 1) + fib(n - 2)
ack: procedure; arg m, n
    if m = 0 then return n + 1
    if n = 0 then return ack(m - 1, 1)
    return ack(m - 1, ack(m, n - 1))
nothing: return
something: return arg() arg(1) arg(2, 'o') arg(3, 'e') arg(3)
exposes: procedure expose (list) a.1
    a.2 = 'new'; b = b 'too'; a.1 = a.1 'on'; c = 'local'
    return
deep: procedure; arg n; if n = 0 then return 'bottom'; return deep(n - 1)
i2: counter = counter2(); return counter
counter2: if symbol('k') = 'LIT' then k = 0; k = k + 1; return k
