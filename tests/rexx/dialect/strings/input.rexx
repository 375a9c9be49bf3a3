REQUIRE "rexxjs/address-qemu" AS QEMU
x = 'X'
say "two
lines"
say 'it''s
"{{x}}"'
say `back'"quoted` x
say x`abuts`y"and {{x}}"z
say '41'x '0100 0001'b
long = "first {{x}}
second "" quote"
say long
say "a" || ,
    "b"
signal nowhere -- on line 15
