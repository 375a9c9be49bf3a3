REQUIRE "rexxjs/address-qemu" AS vms
verb = 'ping'
braces = 'pi{{verb}}'
ADDRESS QEMU "help verb={{verb}}"
say rc qemu_operation
ADDRESS vms
"help verb={{verb}}"
say rc
"help verb=" || verb
say rc
signal on error
ADDRESS QEMU "help verb={{braces}}"
say 'not here'
error:
say qemu_error
INTERPOLATION SHELL
"help verb=${verb}"
say rc
