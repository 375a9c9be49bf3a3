LET x = CALL sub 1
EXIT
sub: RETURN 5
