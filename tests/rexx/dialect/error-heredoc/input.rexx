say 'before'
LET x = <<JSON
{}
JSON2
