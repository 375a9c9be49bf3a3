
exit 0

ok:
  parse arg aq_command
  aq_line = sigl
  address qemu aq_command
  if rc \= 0 then call aq_failed aq_line, 'RC' rc qemu_error_code':' qemu_error '- from:' aq_command
  return

refused:
  parse arg aq_code, aq_command
  aq_line = sigl
  call on error name aq_ignore
  address qemu aq_command
  call off error
  if qemu_error_code \== aq_code then
    call aq_failed aq_line, 'wanted' aq_code', got RC' rc qemu_error_code':' qemu_error '- from:' aq_command
  return

equal:
  if arg(1) \== arg(2) then
    call aq_failed sigl, arg(3)': wanted' aq_short(arg(1))', got' aq_short(arg(2))
  return

has:
  if pos(arg(2), arg(1)) = 0 then call aq_failed sigl, arg(3)': no' aq_short(arg(2)) 'in' aq_short(arg(1))
  return

lacks:
  if pos(arg(2), arg(1)) > 0 then call aq_failed sigl, arg(3)':' aq_short(arg(2)) 'is in' aq_short(arg(1))
  return

aq_ignore:
  return

aq_short: procedure
  parse arg text
  if length(text) <= 400 then return '"'text'"'
  return '"'left(text, 200)'…'right(text, 200)'" ('length(text) 'bytes)'

aq_failed:
  call lineout '<stderr>', 'FAILED: line' arg(1)':' arg(2)
  exit 1
