LET upper = UPPER string="hello world"
LET length = LENGTH string=upper
LET maximum = MAX x=10 y=length * 2 z=15
SAY upper length maximum
LET data = JSON_PARSE text='{"users":[{"name":"Alice"}]}'
SAY data.users[0].name
LET id = UUID
SAY LENGTH(id)
-- a call as a clause of its own is a call, and no command
greet("you")
SLEEP(1)
JSON_PARSE text="[1,2]"
SAY RESULT.2
EXIT
greet: SAY "hello" ARG(1); RETURN
