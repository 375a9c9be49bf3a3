LET a = 1
EXIT 2 UNLESS a = 1, "a is not 1"
