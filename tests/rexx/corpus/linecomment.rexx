say "a" -- a line comment
-- another
say 5--3
say 7 // 2
