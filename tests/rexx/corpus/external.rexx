/* routines in files of their own */
say 'twice'(21)
call 'twice' 4
say result
call 'says' 'a', 'b'
say result
x = 'outer'
call 'says' 'c'
say x
say symbol('INNER')
