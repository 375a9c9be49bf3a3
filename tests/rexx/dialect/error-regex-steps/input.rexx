// A pattern that backtracks without end is refused, not waited for
LET x = REGEX_TEST(COPIES("a", 40) || "b", "^(a+)+$")
