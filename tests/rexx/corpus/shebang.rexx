#!/usr/bin/env rexx
/* a comment */
say sourceline(1)
exit 3
