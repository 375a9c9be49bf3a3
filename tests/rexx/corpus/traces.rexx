/* every kind of trace */
trace all
x = 1; y. = 2; y.x = 'three'
if x = 1 & \(x = 2) then nop; else nop
trace results
call inner x, , 'b'
say result
parse value 'a b 3' with p q 2 r . '(' s
do i = 1 to 2; z = i + y.x1; end i
select; when x > 1 then nop; when 1 then say y.x; otherwise; end
trace intermediates
v = inner(abs(-x) + 1, 'q' || x 'r') - -1
w = \ (v > 1) "41"x '1'b .5
interpret 'u = x + 1; say u'
parse upper arg m, n +2 o =1 . ; parse version . ; parse source s1 .
drop y.x; upper p
queue x; push x; pull t; parse linein l
address system 'true'
trace labels
call inner 1
signal past
past:
trace commands
'true'; 'exit 1'
trace normal
'exit 1'
trace off
'exit 1'
trace ?n
trace value 'O'
say trace('r') trace()
do 2; nop; end
trace o
exit 0
inner: procedure expose x
arg a, b, c
return a || c
