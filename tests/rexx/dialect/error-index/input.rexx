LET x = 1
say 1

say x[1]
