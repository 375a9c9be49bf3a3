/* called by external.rexx */
parse arg n
return n * 2
