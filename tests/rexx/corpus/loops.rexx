do i = 1 to 3; say i; end
do i = 10 to 1 by -4 until i < 3; say i; end
do 2; say 'twice'; end
i = 0
do while i < 2; i = i + 1; say 'while' i; end
do forever; i = i + 1; if i = 4 then iterate; if i > 5 then leave; say 'forever' i; end
do outer = 1 to 3
    do inner = 1 to 3
        if inner = 2 then iterate outer
        if outer = 3 then leave outer
        say outer inner
    end
end
do i = 1 for 2; say 'for' i; end
do i = 0.5 to 1.5 by 0.5; say i; end
say i
