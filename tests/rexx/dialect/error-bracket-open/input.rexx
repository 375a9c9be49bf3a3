SAY "before"
LET a = [1, 2
SAY "after"
