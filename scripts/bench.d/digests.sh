#!/bin/bash
# What a spec's inputs are digested with, against sha256sum: one large file, and a thousand small ones.
. "$SOURCE_DIR/scripts/bench.d/functions"

qemu-img create -q -f qcow2 base.qcow2 1M
rexx -e "address qemu 'register_base name=base disk=base.qcow2 copy=true digest=true'"
head -c 400000000 /dev/urandom >large
mkdir small
for ((i = 0; i < 1000; i++)); do head -c 8192 /dev/urandom >"small/$i"; done
cat >large.yaml <<'YAML'
checkpoint_modifications: {base_checkpoint: base, files: [{path: /large, source: large}]}
YAML
cat >small.yaml <<'YAML'
checkpoint_modifications: {base_checkpoint: base, files: [{path: /small/, source: small, recursive: true}]}
YAML
cat >plan.rexx <<'REXX'
/* plan.rexx SPEC: what a plan of it takes, in microseconds. */
parse arg spec
address qemu
'ping'
call time 'R'
'plan spec={spec}'
say trunc(time('E') * 1000000)
REXX

ours_large() { rexx ./plan.rexx large.yaml; }
peer_large() { us sha256sum large; }
ours_small() { rexx ./plan.rexx small.yaml; }
peer_small() { us bash -c 'exec sha256sum small/*'; }
sha256sum large small/* >/dev/null # into the page cache, for both
read -r ours peer < <(compare 5 ours_large peer_large)
row 'plan of a file of 400 MB, against sha256sum' "$ours" "$peer" ratio 1.25
read -r ours peer < <(compare 9 ours_small peer_small)
row 'plan of 1,000 files of 8 KiB, against sha256sum' "$ours" "$peer" ratio 1.25
