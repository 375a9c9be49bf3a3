LET a = 5
LET b = "x"
IF a > 3 AND b = "x" THEN SAY "and"
IF a > 9 OR b = "x" THEN SAY "or"
IF NOT (a > 9) AND NOT b = "y" THEN SAY "not"
DO WHILE a > 3 AND a < 9
  a += 1
END
SAY a
SELECT
  WHEN a = 1 OR a = 2 THEN SAY "no"
  WHEN a != 1 AND b != "y" THEN SAY "when"
  OTHERWISE SAY "none"
END
SAY "this" AND "that"
LET ok = true
IF ok THEN SAY ok
IF ok = false THEN NOP
ELSE SAY "false is" false "null is ["null"]"
