LET s = "hello world"
say substr(string=s, start=7, length=5)
say substr(length=5, string=s, start=1)
say substr(s, start=7)
say pos(needle="o", haystack=s) pos(haystack=s, needle="w")
say upper(string=substr(start=1, length=max(x=2, y=3), string=s))
say length(string="a,b (c)" || 'd')
say f((s = "hello world")) abs(value=-3)
exit
f: return arg(1)
