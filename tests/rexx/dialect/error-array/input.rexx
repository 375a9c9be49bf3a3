LET x = 5
SAY x[1]
