options "noext_commands_as_funcs"
signal on syntax
say nosuchfunction(1)
exit
syntax: say rc condition("D")
