REQUIRE "rexxjs/address-qemu"
say 'fine'
say "never closed
