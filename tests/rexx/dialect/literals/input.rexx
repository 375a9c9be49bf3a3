// Array and object literals
LET a = [1, "2", 'three', 1 + 3, [5, [6]], {"k": "v", n: -7}]
SAY JSON_STRINGIFY(a) ARRAY_LENGTH(a)
LET empty = []
LET none = {}
SAY JSON_STRINGIFY(empty) JSON_STRINGIFY(none) ARRAY_LENGTH(empty)
x = "x y"
LET o = {
  name: x,           -- a comment
  "two words": [     // another
    x,

    "01"
  ],
  last: MAX(1,
    2)
}
SAY o.name ARRAY_GET(o, "two words") o.last
SAY ARRAY_GET(a[5], "k") a[4][1][0] a[4].length
SAY sourceline(22)
IF [1, 2][1] = 2 THEN SAY "indexed"
CALL sub [1, 2], {a: 3}
RETURN
sub: PARSE ARG list, object
SAY list[1] object.a
