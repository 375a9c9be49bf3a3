list.0 = 3
list.1 = 'one'; list.2 = 'two'; list.3 = 'three'
DO item OVER list
  IF item = 'two' THEN ITERATE item
  say item
END item
do outer over list.
  do inner over list
    if inner = 'two' then leave inner
    if outer = 'three' then leave outer
    say outer inner
  end inner
end
empty.0 = 0
if 1 then do x over empty; say 'not here'; end
else say 'nor here'
do i = 1 to 2; do over = 1 to 1; say i over; end over; end i
