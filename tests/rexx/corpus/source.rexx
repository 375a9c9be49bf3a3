parse source system how file
say system how filespec('n', file)
say sourceline()
say sourceline(1)
say sourceline(sourceline())
/* last line */
