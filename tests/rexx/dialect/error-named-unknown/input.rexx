LET x = substr(text="a", start=1)
