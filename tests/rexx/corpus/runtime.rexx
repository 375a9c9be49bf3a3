say 'before'
call deeper
exit
deeper:
x = substr('abc', 0)
return
