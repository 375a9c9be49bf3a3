LET user = "Bob"
LET vm = {name: "web", ports: [80]}
SAY "{{user}} {{vm.name}} {{vm.ports.1}} {{ user }} {{nobody}}"
INTERPOLATION PATTERN name=ANGLES start="<<" end=">>"
INTERPOLATION ANGLES
SAY "User: <<user>> {{user}} <<vm.name>>"
INTERPOLATION "#{v}"
SAY "#{user} <<user>>"
INTERPOLATION DEFAULT
SAY "{{user}} #{user}"
SAY SET_INTERPOLATION("@@v@@") "@@user@@"
CALL SET_INTERPOLATION "shell"
SAY "${user} ${vm.name}"
