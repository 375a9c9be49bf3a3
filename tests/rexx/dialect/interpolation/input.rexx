LET name = 'web'
vm.image = 'debian'
vm.2 = 'second'
i = 2
say "{{name}} {{ name }} {{vm.image}} {{vm.i}} {{missing}} {{}} {{a b}} {name}"
say '{{name}}' || "{{name}}"'{{name}}'
say left("{{name}}!", 5)'|'
call show "{{name}}"
parse value "{{name}} two" with first "{{name}}" rest
say first'|'rest
value = '{{name}}'
say "{{value}}"
if "{{name}}" = 'web' then say 'equal'
call nested
INTERPOLATION SHELL
say "${name} {{name}} $name"
INTERPOLATION BATCH
say "%name% 100% of %nothing here%"
INTERPOLATION doubledollar
say "$$name$$ ${name}"
call set_interpolation 'handlebars'
say "{{name}}"
address system "echo '{{name}}'"
'echo "{{name}} again"'
"echo {{name}} again"
exit
show: say arg(1); return
nested: procedure
name = 'inner'
say "{{name}} {{vm.image}}"
return
