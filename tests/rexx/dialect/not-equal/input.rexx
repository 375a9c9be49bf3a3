// RexxJS
a = 1
if a != 2 then say 'apart'
if a!=2 then say 'together'
if a!==1 then say 'not here'
if a != 1 then say 'not here'
say (a != 2) (a \= 2) a \== 2
b! = 5
say b!
