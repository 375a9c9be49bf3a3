parse linein l1
say 'read' l1
pull up
say up
say lines()
do while lines() > 0
    say linein()
end
say charin() '<'
