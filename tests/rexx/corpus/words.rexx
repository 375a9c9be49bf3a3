/* words, and what is done to strings as a whole */
options 'AREXX_BIFS'
t = '  the  quick brown	fox  '
do i = 0 to 5
    say i '<'word(t, i + 1)'>' wordindex(t, i + 1) wordlength(t, i + 1) '<'subword(t, i + 1, 2)'>'
end
say words(t) words('') wordpos('brown fox', t) wordpos('', t) wordpos('quick', t, 3) find(t, 'brown')
say '<'delword(t, 2, 2)'>' '<'delword(t, 9)'>' '<'space(t)'>' '<'space(t, 0)'>' '<'space(t, 2, '-')'>'
say '<'strip(t)'>' '<'strip(t, 'l')'>' '<'strip(t, 'T')'>' '<'strip('xxaxx', , 'x')'>'
say '<'center('ab', 7, '*')'>' '<'centre('abcdef', 3)'>' '<'left('ab', 4)'>' '<'right('ab', 4, '.')'>' '<'justify('a b c', 9)'>'
say insert('x', 'abc', 2) '<'insert('x', 'abc', 5, 3, '+')'>' overlay('xy', 'abc', 2) overlay('x', 'abc', 6, 2, '.')
say delstr('abcdef', 3, 2) delstr('abc', 9) substr('abcdef', 3) substr('abc', 2, 5, '*') reverse('abc')
say pos('b', 'abcb') pos('b', 'abcb', 3) lastpos('b', 'abcb') lastpos('b', 'abcb', 3) index('abcb', 'b', 3) pos('', 'a')
say translate('abc') translate('abc', 'xy', 'ab') translate('abc', , 'b', '-') lower('ABC') upper('abc') '<'trim('a ')'>'
say compare('abc', 'abd') compare('ab', 'ab ', ' ') abbrev('print', 'pri') abbrev('print', 'x') abbrev('print', 'pr', 3) abbrev('', '')
say copies('ab', 3) '<'copies('ab', 0)'>' changestr('b', 'abcb', 'xx') countstr('b', 'abcb') verify('123', '0123456789') verify('12a', '0123456789')
say verify('abc', 'xyz', 'm') verify('axc', 'xyz', 'm') verify('', 'a') length('') length('äö') '<'compress(' a b ')'>' compress('abcb', 'b')
say datatype('12') datatype('1e3', 'w') datatype('ab', 'l') datatype('AB', 'u') datatype('a1', 'a') datatype('0101', 'b') datatype('f0', 'x') datatype('a.b', 's') datatype(' 1 ', 'n') datatype('')
say hash('abc') crypt('abc', 'ab') random(1, 6, 42) <= 6
