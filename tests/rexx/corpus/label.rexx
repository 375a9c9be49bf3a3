signal value 'second'
first: say 'first'; exit 1
second: say 'second'
signal third
say 'skipped'
third:
say 'third' sigl
call value 'sub'
say result
name = 'SUB'
call (name)
say result
exit
sub: return 'from sub'
