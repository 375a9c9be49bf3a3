REQUIRE "rexxjs/address-qemu" AS VM
LET verb = {name: "ping"}
ADDRESS VM "help {{verb.name}}" WITH OUTPUT STEM out.
SAY RC (out.0 > 3) WORD(out.1, 1)
ADDRESS QEMU "pi" || "ng" WITH OUTPUT STEM out. ERROR STEM err.
SAY out.0 err.0
