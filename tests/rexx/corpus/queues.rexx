/* the stack and queue */
queue 'first'
queue 'second'
push 'top'
say queued()
do while queued() > 0
    parse pull line
    say line
end
old = rxqueue('create', 'Q' || 'TEST')
say old
call rxqueue 'set', old
queue 'elsewhere'
say queued()
pull x
say x
call rxqueue 'set', 'SESSION'
say queued()
call rxqueue 'delete', old
