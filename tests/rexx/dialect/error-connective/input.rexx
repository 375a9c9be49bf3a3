LET a = 1
IF NOT (a = 1) AND (NOT a = 2 AND NOT b = 3) THEN NOP
IF NOT a = MAX(1, (NOT a)) THEN NOP
