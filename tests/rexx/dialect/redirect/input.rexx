#!/usr/bin/env rexx
/* Plain REXX but for what it says of its streams */
address qemu 'ping' with output stem out. error stem err.
say rc out.0 out.1 err.0
address QEMU "ping" WITH OUTPUT APPEND STEM out.
say out.0 out.2
call on error name ignored
address qemu 'no-such-verb' with error stem err. output stem out.
say rc out.0 err.0 err.1
address qemu 'ping' with output stream 'made.txt'
say linein('made.txt')
call lineout 'made.txt'
file = 'made.txt'
address qemu 'ping' with output append stream file
do while lines(file) > 0; say linein(file); end
queue 'old'
address qemu 'ping' with output fifo ''
say queued(); pull line; say line
push 'stays'
address qemu 'ping' with output append lifo ''
say queued(); parse pull line; say line; parse pull line; say line
address qemu with output stem all.
'ping'
say all.0 all.1 address()
call sub
address qemu 'ping' with output normal
say all.1 qemu_output
address qemu with output normal
in.0 = 1; in.1 = 'x'
address qemu 'ping' with input stem in.
say rc qemu_error
drop in.
address qemu 'ping' with input stem in.
say rc qemu_error_code
/* what is none */
address system 'cat' with input stem out. output stem err.
if 1 then address qemu 'ping' with output stem out.
else nop
say out.0
exit
sub: procedure expose all.
'ping'
say all.0
return
ignored: return
