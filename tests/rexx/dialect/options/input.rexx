OPTIONS 'NOREXXJS'
x = 1
let = 2
say x "{{x}}"
