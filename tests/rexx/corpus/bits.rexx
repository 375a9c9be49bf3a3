/* bits and bases */
options 'AREXX_BIFS'
say c2x(bitand('1234'x, 'f0'x)) c2x(bitor('1234'x, '0f'x, 'ff'x)) c2x(bitxor('1234'x, 'ffff'x))
say bitand('abc', , 'd') bitor('12'x) c2x(bitxor('', 'aa'x, 'bb'x))
say c2x(bitchg('0313'x, 4)) c2x(bitclr('0313'x, 4)) c2x(bitset('0313'x, 2)) bittst('0313'x, 4) bitcomp('7F'x, 'FF'x)
say b2x('1100 0011') b2x('11') b2x('') x2b('f 0') x2b('') c2b('ab') b2c('0110 0001')
say x2c('48 65 6c6c 6f') c2x('Hello') d2x(255) d2x(-1, 4) x2d('ff') x2d('ff', 2) x2d('fff', 2)
say c2d('a') c2d('ff'x, 1) c2d('00ff'x, 2) c2x(d2c(65)) c2x(d2c(-1, 3)) d2c(321, 1)
say xrange('a', 'e') length(xrange()) c2x(xrange('fe'x, '01'x)) '1100 0001'b '41 42'x
say bitand(, 'x')
