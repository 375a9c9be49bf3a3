say 'fine'
say `never closed
