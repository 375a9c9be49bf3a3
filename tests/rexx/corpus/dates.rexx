say date('S', '20240229', 'S') date('W', '20240229', 'S') date('B', 19000101, 'S')
say date('N', 738000, 'B') date('D', '20241231', 'S')
say time('C', '13:05:00', 'N') time('M', '02:00:00', 'N')
say datatype(date('B'), 'W') datatype(time('S'), 'W')
