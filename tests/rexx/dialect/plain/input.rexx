/* nothing here is RexxJS alone */
x = 1
say "{{x}} {x} ${x}" 'a // b' "<<A" '`'
if x \= 2 then say 7 // 2
a! = 3
say a!=3 f(a!=3)
list.0 = 0
exit
f: return arg(1)
