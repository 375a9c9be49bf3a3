parse arg value
exit value
