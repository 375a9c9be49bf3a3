SAY "before"
LET c = <<JSON
{"a": 1,
 "b": nonsense}
JSON
SAY "not here"
