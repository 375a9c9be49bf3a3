LET a = 1
IF a = 1 THEN
  SAY "one"
ENDIF
