LET x = 7
SAY x // 2 items are left over
