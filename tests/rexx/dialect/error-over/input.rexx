do x over f(1)
  say x
end
