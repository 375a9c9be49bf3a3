say 'a missing quote in plain REXX is Regina''s to report
say 1
