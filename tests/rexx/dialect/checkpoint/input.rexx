// Without a host that listens the answer is to go on; RexxJS reads it as an object's member
LET total = 3
DO done = 1 TO total
  LET answer = CHECKPOINT(done, total)
  IF answer.action = "abort" THEN EXIT 1
  SAY done answer.action answer
END
SAY CHECKPOINT("stage", 1, 2).action
LET other = "word"
SAY other.action
