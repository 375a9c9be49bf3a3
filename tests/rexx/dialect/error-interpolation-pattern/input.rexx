LET x = 1
INTERPOLATION PATTERN start="<<" end=">>" name=X
