do n = 1 to 4
    select
        when n = 1 then say 'one'
        when n = 2 then do
            say 'two'
        end
        when n = 3 then nop
        otherwise
            say 'many'
    end
end
if 1 = 1 then if 2 = 1 then say 'no'; else say 'inner else'
if \ 0 & (1 | 0) && 0 then say 'logic'
if 'a' == 'a ' then say 'no'; else say 'strict'
if 'a' = 'a ' then say 'loose'
if 5 > '10' then say 'no'; else say 'numeric'
n = 7
select
    when n = 1 then say 'x'
end
