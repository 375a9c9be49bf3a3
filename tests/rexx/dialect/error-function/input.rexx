LET x = JSON_PARS('{"a":1}')
