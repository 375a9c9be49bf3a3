name = 'Ada'
LET text = <<TEXT
Dear {{name}},
  it's "quoted", `backquoted` /* not a comment */ -- nor this
// nor this

END OF TEXT
 TEXT  
say text
empty = <<NOTHING
NOTHING
say '['empty']'
say <<LAST
said
LAST
if 'a' <<b then say 'strictly less is still there'
address system <<SH
echo "{{name}}"
echo two
SH
signal nowhere -- on line 21
