say c2d('A') d2c(66) b2x('11110000') x2b('F0') c2x('abc') x2c('616263') d2x(-1, 4) x2d('FFFF', 4)
say bitor('01'x, '02'x) == '03'x bitxor('ff'x, '0f'x) == 'f0'x
say errortext(40) errortext(40.1)
say digits() fuzz() form() max(-1, -2) trunc(12.3456, 2)
