SAY "before"
DO x OVER nothing
  SAY x
END
