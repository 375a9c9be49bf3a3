LET x = <<TEXT
one
two
TEXT
y = "over
lines"
say x
say 1 / 0
