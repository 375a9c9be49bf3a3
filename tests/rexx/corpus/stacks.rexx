/* buffers of the stack, queues by name, and what commands read and write */
options 'BUFTYPE_BIF'
queue 'bottom'
say makebuf() queued()
queue 'in 1'; push 'in 2'
say makebuf() queued()
push 'top'
parse pull t; say t queued()
say dropbuf() queued()
parse pull t; say t
say desbuf() queued()
q = rxqueue('create', 'CORPUSQUEUE')
say rxqueue('get') rxqueue('set', q) queued()
do i = 1 to 3; queue 'line' i; end
say queued() rxqueue('get') = q
say rxqueue('delete', q) rxqueue('get')
call rxqueue 'set', 'SESSION'
say queued() rxqueue('delete', 'NOSUCHQUEUE')
in.0 = 3; in.1 = 'pear'; in.2 = 'apple'; in.3 = 'fig'
address system 'sort' with input stem in. output stem out.
do i = 0 to out.0; say i out.i; end
address system 'sort; echo oops >&2; exit 2' with input stem in. output append stem out. error stem err.
say rc out.0 err.0 err.1
address system 'printf "one\ntwo\n"' with output fifo ''
say queued(); pull a; pull b; say a b
address system 'printf "one\ntwo\n"' with output lifo ''
pull a; pull b; say a b
queue 'from queue'
address system 'cat' with input fifo ''
address system 'cat' with input stream 'nothere.tmp'
say rc
address system 'echo in stream' with output replace stream 'stacks.tmp'
address system 'cat stacks.tmp; rm stacks.tmp' with output normal
address system with output stem def.
'echo to the default stem'
say def.0 def.1
address system 'echo normal' with output normal
address path 'echo path' ; address cmd 'echo cmd' ; address command 'echo command'
address nosuch 'do it'
say rc address()
address; say address(); address; say address()
address value 'SYS' || 'TEM'; 'echo $((1 + 2))'
'echo out; echo err >&2'
