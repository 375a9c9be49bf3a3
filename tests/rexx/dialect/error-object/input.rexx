LET o = {name: "x"}
