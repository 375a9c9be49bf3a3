do x over list
  say x
end
