LET x = REGEX_TEST("abc", "(")
