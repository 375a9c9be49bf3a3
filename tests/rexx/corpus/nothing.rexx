/* only
   /* a nested */
   comment */
