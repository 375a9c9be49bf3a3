say 1,
