LET x = 1
say f(x=2)
exit
f: return arg(1)
