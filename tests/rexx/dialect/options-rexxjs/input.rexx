OPTIONS 'REXXJS'
x = 1
say "{{x}}"
