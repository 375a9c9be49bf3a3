LET a = [1, 2]
SAY a[1]
LET a[1] = 5
