if (x) {
  say "this is not REXX"
}
