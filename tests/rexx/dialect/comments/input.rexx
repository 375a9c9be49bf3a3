// a comment, and it's one line: LET x = `not code`
say 'one' -- the other kind
  // indented
if 1 then
  // between THEN and its clause
  say 'two'
say 7 // 4
say 9 ,
// 4
label: // behind a label
say sourceline(1)
say 'umlaut ä' /* ö */ -- ü ✓
