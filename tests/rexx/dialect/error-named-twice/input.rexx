LET x = max(x=1, 2, y=3)
