#!/bin/bash
# shellcheck disable=SC2016,SC2119 # single quotes hold text for guests; what functions take is optional
# VMs of a private network reach each other by name, each as far as its own rules go; nobody else does.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/vm.sh"

micro_base
cleanup_fn remove_all

# Two that start at once know of each other; a third is elsewhere.
qemu 'clone base=micro name=db network=blue egress=none' >/dev/null &
db=$!
qemu 'clone base=micro name=web network=blue egress=db:5432' >/dev/null
wait $db
qemu 'clone base=micro name=stranger network=red' >/dev/null
addresses=$(qemu_get QEMU_ADDRESS 'inspect db')$'\n'$(qemu_get QEMU_ADDRESS 'inspect web')
assert_equals $'10.0.2.16\n10.0.2.17' "$(sort <<<"$addresses")" 'their addresses'
db=$(head -n 1 <<<"$addresses")
web=$(tail -n 1 <<<"$addresses")

for name in db web stranger; do
    qemu "wait name=$name for=agent" >/dev/null
    qemu "copy_to vm=$name local='$BUILD_DIR/tests/network-probe' remote=/bin/network-probe mode=755" >/dev/null
    qemu "wait name=$name for=network" >/dev/null
    guest $name 'ip route | grep -q default' >/dev/null
done
guest db 'mkdir /www; echo "hello from db" >/www/hello; httpd -p 5432 -h /www; httpd -p 5433 -h /www'
assert_equals 'hello from db' "$(guest web 'wget -q -O - http://db:5432/hello')"
assert_equals 'hello from db' "$(guest web 'wget -q -O - http://db.blue.internal:5432/hello')"
assert_equals refused "$(guest web "network-probe tcp $db 5433 || true")" 'a port that its rules do not name'
guest web 'httpd -p 80 -h /'
assert_equals refused "$(guest db "network-probe tcp $web 80 || true")" 'from one that may reach nothing'
case $(guest stranger "network-probe tcp $db 5432 || true") in
refused | unreachable) ;; # there the address is the stranger's own, or nobody's
*) fail 'from another network' ;;
esac
assert_code 1 guest stranger 'nslookup db 10.0.2.3' >/dev/null
guest web "network-probe raw source $db 5432"
assert_contains "$(qemu 'egress web')" "port 5433"

# One that is started again is known again, under the same address; live rules hold for it, too.
qemu 'stop name=db force=true' >/dev/null
assert_equals refused "$(guest web "network-probe tcp $db 5432 || true")" 'while it is stopped'
qemu 'start db' >/dev/null
qemu 'wait name=db for=agent' >/dev/null
assert_equals "$db" "$(qemu_get QEMU_ADDRESS 'inspect db')"
guest db 'mkdir -p /www; echo "hello again" >/www/hello; httpd -p 5432 -h /www'
qemu 'wait name=db for=network' >/dev/null
assert_equals 'hello again' "$(guest web 'wget -q -O - http://db:5432/hello')"
qemu 'egress vm=db allow=web:80' >/dev/null
assert_code 0 guest_is db "network-probe tcp $web 80; wget -q -O /dev/null http://web:80/bin/network-probe"

# A state that is restored is in its network again, with another companion.
qemu 'save_state web' >/dev/null
qemu 'restore_state web' >/dev/null
assert_equals 'hello again' "$(guest web 'wget -q -O - http://db:5432/hello')"
assert_code 4 qemu 'configure_network name=web network=user' 2>error.txt
qemu 'remove name=stranger force=true' >/dev/null
remove_all
assert_no_vms
