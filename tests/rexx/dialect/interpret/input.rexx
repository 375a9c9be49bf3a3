LET o = {a: 1, b: [2, 3]}
INTERPRET 'LET x = o.b[1]; SAY x "{{o.a}}"'
INTERPRET "SAY 1 + 1"
code = "DO y OVER o.b; SAY y; END"
DO n OVER [1, 2]
  INTERPRET code
END
SIGNAL ON SYNTAX
INTERPRET "LET z = [1"
EXIT
SYNTAX: SAY "trapped:" QEMU_ERROR
