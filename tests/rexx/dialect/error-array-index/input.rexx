LET x = [1, 2]
SAY "[" || x[2] || "]" || x[-1] || "]"
SAY ARRAY_GET(x, "one")
