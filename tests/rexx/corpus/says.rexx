parse source how . me
parse arg first, second
inner = 1
x = 'changed'
say how arg() first second filespec
return 'said'
