// Words that RexxJS knows are names where the script makes them so
true = "mine"
and = "word"
now = "then"
SAY true and now
LET x = now
SAY x
