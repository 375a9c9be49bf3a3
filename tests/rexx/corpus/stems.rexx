/* compound variables */
count. = 0
words = 'to be or not to be that is the question'
do i = 1 to words(words)
    w = word(words, i)
    count.w = count.w + 1
end
say count.to count.be count.question count.missing
a.1.2 = 'deep'; i = 1; j = 2
say a.i.j
drop a.
say a.i.j symbol('a.1.2')
m.0 = 3
do i = 1 to m.0; m.i = i ** 2; end
total = 0
do i = 1 to m.0; total = total + m.i; end
say total
x = 'key with spaces'; s.x = 'value'
say s.x
say value('s.x') value('s.' || 'none')
