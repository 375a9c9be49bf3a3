do x over list while x > 1
  say x
end
