say "tab	here"	;	say 2
if 1 then,
  say "continued"
say "a",
  "b"
