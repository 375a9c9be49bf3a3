LET s = "a\tb\\c \"quoted\" \u00e4\u2713 \x \d"
SAY s
SAY 'a\tb \"' LENGTH('\"')
SAY "two\nlines"
SAY "C:\dir\" || "after"
SAY "it's \"one\"" 'and "two"' -- it's a comment with "quotes
LET t = "over \"two\"
lines\\"
SAY t
SAY `back \n quoted`
'echo "command\tkeeps \\ its \"backslashes"'
ADDRESS SYSTEM "echo \"quoted\" '\t'"
SAY "doubled ""quotes"" too\"\""
