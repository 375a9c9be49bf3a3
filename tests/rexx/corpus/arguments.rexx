say arg() '['arg(1)']' arg(1, 'E') arg(2, 'O')
parse arg a b c
say a'|'b'|'c
arg upper
say upper
