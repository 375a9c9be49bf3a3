say 'on'
signal nowhere
