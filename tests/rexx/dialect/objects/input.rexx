#!/usr/bin/env rexx
// Objects and arrays: JSON in a heredoc, members, copies, changes, and back to JSON
LET c = <<JSON
{
  "image": "debian.qcow2", "vmId": 7, "pi": 3.140, "large": 4294967296,
  "ports": [80, "443", {"inner": [1, 2]}],
  "yes": true, "no": false, "nothing": null, "text": "line\nbreak \u00e4 \"q\""
}
JSON
SAY c.image c.vmId c.pi c.large c.yes c.no "["c.nothing"]"
SAY c.text
-- names in any case; a variable of a member's name does not matter
image = "vmId"
SAY c.IMAGE c.vmid c.image
-- arrays count from 1 as stems do, from 0 in brackets and for ARRAY_GET
SAY c.ports.0 c.ports.length c.ports.1 c.ports.3.inner.2
SAY c.ports[0] c.ports[2].inner[0] ARRAY_GET(array=c.ports, index=1)
i = 2
SAY c.ports.i c.ports[i - 1]
-- what is not there is what it is in REXX
SAY c.nix c.ports.9 "["c.ports[9]"]"
-- a copy is a value of its own
LET d = c.ports
d.1 = 8080
SAY d.1 c.ports.1 JSON_STRINGIFY(d)
c.image = "other"
c.vmId += 1
c.added.deep = "x"
c.ports.4 = 'last'
SAY c.image c.vmId c.added.deep c.ports.0
SAY JSON_STRINGIFY(c)
-- a plain stem stays one, and is an object where one is wanted
st.name = 'web'; st.ports.0 = 2; st.ports.1 = 80; st.ports.2 = 443
SAY st.name st.ports.0 JSON_STRINGIFY(st) ARRAY_LENGTH(st.ports)
SAY DATATYPE(c, "O") DATATYPE(c.ports, 'o') DATATYPE(c.image, "O") DATATYPE('{"a":1}', "O") DATATYPE(5)
SAY DATATYPE(5, "N") DATATYPE(d, "O")
-- passed and returned
LET e = changed(c)
SAY e.image c.image
CALL show e
EXIT
changed: PROCEDURE
  PARSE ARG o
  o.image = "changed" o.image
  RETURN o
show: PROCEDURE
  PARSE ARG o
  SAY o.image o.ports.length
  RETURN
