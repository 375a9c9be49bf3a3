trace r
x = 1 + 1
say x
trace i
y = x * 2
if y > 3 then say 'big'
trace c
'true'
'exit 2'
trace e
'exit 3'
trace f
'exit 4'
trace o
'exit 5'
say trace()
