LET x = 1
let y = x + 1; LET z = y * 2
if z = 4 then let w = 'four'
else let w = 'other'
LET stem.x = 'cell'
LET v = 5
LET v += 1
say x y z w stem.1 v
let = 'a variable'
say let
