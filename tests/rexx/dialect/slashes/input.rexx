LET value = 10        -- End of line comment
LET another = 20      // Also an end of line comment
SAY value another // 3
SAY value // 3 "-" another // 7
x = 17 // another; SAY x // it's a comment
DO i = 1 TO 7 // 4 // three times, isn't it
  SAY i // 2 = 0
END // of the loop
IF another // 3 = 2 THEN SAY "remainder" // 3 is not zero: "that
y = (x // 5) // (2)
SAY y "http://example.org//x" '//'
EXIT 0  // Exit gracefully if there's nothing
