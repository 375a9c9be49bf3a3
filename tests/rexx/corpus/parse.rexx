/* PARSE in its forms */
parse value 'the quick brown fox' with a b . rest
say a'/'b'/'rest
parse value '2026-11-22T05:15' with y '-' m '-' d 'T' h ':' mi
say y m d h mi
text = 'abcdefghij'
parse var text 3 x +2 y 8 z
say x y z
sep = ','
parse value 'k=v,w=z' with p (sep) q '=' r
say p q r
parse upper value 'Mixed Case' with u
say u
parse value '  leading  blanks ' with w1 w2
say '<'w1'>' '<'w2'>'
parse arg one two
say 'args' one two
parse version v .
say left(v, 5)
exit 7
