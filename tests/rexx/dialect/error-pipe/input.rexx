say "a" |> upper()
