/* INTERPRET */
interpret 'x = 2 + 3; say x'
op = '*'
do i = 1 to 3
    interpret 'r = i' op 'i'
    say r
end
name = 'dyn'
interpret name '= "assigned"'
say dyn
interpret 'do k = 1 to 2; say "in" k; end'
signal on syntax
interpret 'say (1'
say 'not here'
syntax:
say 'syntax' rc
