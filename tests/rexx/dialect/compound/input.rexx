LET n = 7
n += 3; say n
n -= 1 + 1 -- both
say n
n *= 2 /* a comment */; say n
n /= 4
say n
n **= 2
say n
n %= 3; say n
n //= 3; say n
s = 'a'
s ||= 'b' || 'c'
say s
b = 1
b &= 0
b |= 1
say b
stem.n = 1
stem.n += 2,
  + 3
say stem.n
if n = 2 then n += 40; say n
exit
