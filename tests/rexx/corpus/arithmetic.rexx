/* numbers in all precisions and forms */
say 1/3 2**10 2**-2 -7//3 7%2 -7%2 1e3*1 100000*100000 1.10+2.20 '1'+' 2 ' 0.1e-9*1
numeric digits 20
say 1/3 2**64 1e19+1
numeric digits 4
say 12345+0 99999+1 1/3 123456*1
numeric digits
numeric form engineering
say 1e7*100 123456789*1000 form() digits() fuzz()
numeric form scientific
numeric fuzz 2
say (1.00000000 = 1.00000001) (1.1 = 1.2) digits() fuzz()
numeric fuzz 0
say abs(-3.5) sign(-2) sign(0) max(1, 5, 3) min(2, -1, 3) trunc(3.789) trunc(3.7, 2) trunc(-0.5) trunc(1e2, 1)
say format(3.14159, 4, 2) format(1234.5) '<'format(5, 4)'>' format(1e20, , , 3, 5) format(1.5e9, , , 2, 0) format(-1.5, 3, 0) format(0.00001, , 9)
say (1 = 1.0)(1 == 1.0)('1' = ' 1')('1' == ' 1')('a' < 'b')('a' << 'B')(10 > 9)('10' >> '9')('abc' = 'abc  ')('' = ' ')('' == ' ')
say (1 & 0)(1 | 0)(1 && 1)(\0)
say (5 > 3 > 2) (2 + 3 * 4 ** 2 // 7) (-2 ** 2) ((-2) ** 2) (-(-3)) (1 - -1) ('a' || 'b' 'c') (3 \= 4)(3 <> 3)(3 >< 4)(3 \> 4)(3 \< 4)
say (123456789 * 987654321) (1e-5 * 1e-5) (.5 + 0.5) (5. + 0) datatype(0x1)
say 1.00000000 = 1.00000001 (1.1 = 1.2) digits() fuzz()
