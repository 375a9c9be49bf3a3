/* the shell */
say address()
'echo from the shell'
say rc
address system 'exit 6'
say rc
address system 'printf "a\nb\nc\n"' with output stem out.
say rc out.0 out.1 out.3
in.0 = 3; in.1 = 'pear'; in.2 = 'apple'; in.3 = 'fig'
address system 'sort' with input stem in. output stem sorted.
do i = 1 to sorted.0; say sorted.i; end
address system 'echo oops >&2; echo fine' with output stem o. error stem e.
say o.1 e.1
address command 'echo via command'
address system
'echo still system'
say address()
address path
say address()
address
say address()
address nowhere 'cmd'
say rc
'kill -9 $$'
say rc
signal on failure
'kill -9 $$'
say 'not here'
failure: say 'failure' rc
