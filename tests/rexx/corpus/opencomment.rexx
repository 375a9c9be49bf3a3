/* never closed
say 1
