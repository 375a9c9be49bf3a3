// What a command of ADDRESS QEMU brings, as RESULT and in the variables
REQUIRE "rexxjs/address-qemu" AS QEMU
SIGNAL ON SYNTAX
ADDRESS QEMU "list"
IF RC = 0 THEN DO
  LET vms = RESULT.vms
  IF DATATYPE(vms, "O") THEN DO
    LET count = vms.length
    SAY "Found" count "VMs" QEMU_COUNT
  END
END
CALL ON ERROR NAME failed
ADDRESS QEMU "status name=no-such-vm"
SAY RC RESULT.error
LET errorMsg = RESULT.error
IF POS("no VM", errorMsg) > 0 THEN SAY "no such VM" RESULT.errorCode RESULT.success
SAY "{{RESULT.error}}"
ADDRESS QEMU
"ping"
SAY RC RESULT.output RESULT.info.operation
EXIT
failed: RETURN
syntax: SAY "line" SIGL QEMU_ERROR
