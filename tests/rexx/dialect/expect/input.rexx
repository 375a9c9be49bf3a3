#!/usr/bin/env ../../rexxt
REQUIRE "../core/src/expectations-address.js"
LET id = "rexxjs demo"
LET o = {status: 200, n: "2.0"}
ADDRESS EXPECTATIONS "EXPECT" id "rexxjs demo"
ADDRESS EXPECTATIONS "EXPECT" o.status "200"
ADDRESS EXPECTATIONS "EXPECT" o.n 2
ADDRESS EXPECTATIONS "expect" "a" || id SUBSTR("xarexxjs demo", 2)
ADDRESS EXPECTATIONS "EXPECT" (1 + 1) "2"
SAY rc
