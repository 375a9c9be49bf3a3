numeric digits 30
say 1 / 3
say 2 ** 100
numeric digits 9
say 1e9 * 10
say 123456789 + 1
numeric form engineering
say 12345678901
say format(3.14159, 4, 2) trunc(-2.7) sign(-3) abs(-4) max(1, 5, 3) min(2, 8)
numeric fuzz 2
say 1000000001 = 1000000002
say d2x(255) x2d('ff') c2x('AZ') x2c('4142') d2b = b2x('1010')
say 7 // 3 7 % 3 -7 // 3
say random(5, 5) datatype('12e3') datatype('1.', 'W') datatype('x1')
