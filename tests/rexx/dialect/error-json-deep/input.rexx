LET text = COPIES("[", 300) || COPIES("]", 300)
LET x = JSON_PARSE(text)
