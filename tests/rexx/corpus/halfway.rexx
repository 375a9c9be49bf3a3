say 'before'
say undefined_function_that_is_a_label(2)
x = 1 +
say 'never'
