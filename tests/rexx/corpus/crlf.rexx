#!/usr/bin/regina
say "dos"
say length("x")
do i = 1 to 2
  say i
end
