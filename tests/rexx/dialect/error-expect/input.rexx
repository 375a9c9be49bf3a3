LET status = 404
SAY "before"
ADDRESS EXPECTATIONS "EXPECT" status "200"
SAY "not here"
