LET c = <<JSON
{"name": "x"}
JSON
say c.name
