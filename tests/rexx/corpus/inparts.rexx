/* called with parts */
parse source . how .
parse arg one, two, three
x = 'local'
return how arg() '<'one'>' '<'two'>' '<'three'>' arg(2, 'o')
