say 'never closed
say 1
