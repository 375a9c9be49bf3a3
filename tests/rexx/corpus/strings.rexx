s = 'The quick brown fox'
say length(s) reverse('abc') translate('abc', 'xyz', 'abc') translate('up')
say substr(s, 5, 5)'|'left('ab', 5, '.')'|'right('7', 3, 0)'|'center('mid', 9, '-')
say pos('quick', s) lastpos('o', s) wordpos('fox', s) words(s) word(s, 2) wordindex(s, 3)
say strip('  both  ')'|'strip('xxaxx', 'T', 'x')'|'space(' a   b ', 2, '_')
say overlay('XX', 'abcdef', 3) insert('--', 'abcd', 2) delstr('abcdef', 2, 3) delword(s, 2, 2)
say compare('abc', 'abd') abbrev('information', 'info') verify('12a4', '0123456789')
say changestr('a', 'banana', 'o') countstr('an', 'banana') copies('=-', 5)
say 'it''s' "a ""quoted"" word" '41 42'x '0100 0001'b
say 'a'||'b' 'a' 'b' 1'2'
say xrange('a', 'f') bitand('1100'b, '1010'b) == '1000'b
say 'ü' length('ü') c2x('é')
