/* SPDX-License-Identifier: MIT */
/* What is said of a VM's network: when it is made, while it runs, and for its next start. */
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

#include "bios-vm.h"

static const char *cell(unsigned row, const char *column)
{
    const char *value = NULL;
    for (size_t table = 0; table < aq_result_table_count(last); table++)
        if (strcmp(aq_result_table_name(last, table), "PORTS") == 0)
            value = aq_result_cell(last, table, row, column, NULL);
    return value != NULL ? value : "";
}

/* A port of 127.0.0.1 that another program has. */
static int take_port(unsigned *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &length), 0);
    *port = ntohs(where.sin_port);
    return fd;
}

/* One that nobody has. As a text, to be free()d. */
static char *free_port(void)
{
    unsigned port;
    close(take_port(&port));
    return aq_format("%u", port);
}

static bool listens(const char *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    aq_autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&where, sizeof where) == 0;
}

static void ports_are_said_when_it_is_made(void **state)
{
    (void)state;
    assert_command("clone base=base name=one forward='8080, 53/udp' egress='443, db.example.com:5432'");
    assert_string_equal(field("INGRESS_PORT"), cell(0, "HOST"));
    assert_string_equal(cell(0, "GUEST"), "8080");
    assert_string_equal(cell(0, "ADDRESS"), "127.0.0.1");
    assert_string_equal(cell(1, "PROTOCOL"), "udp");
    assert_string_equal(cell(2, "GUEST"), "22");
    assert_true(listens(cell(0, "HOST")));
    aq_autofree char *chosen = aq_strdup(cell(0, "HOST"));
    assert_command("inspect one");
    assert_string_equal(field("EGRESS"), "443/tcp, db.example.com:5432/tcp");
    assert_string_equal(field("COMPANION"), "running");
    assert_command("ports");
    assert_string_equal(field("COUNT"), "3");
    assert_string_equal(cell(0, "VM"), "one");

    /* What was chosen stays the VM's. */
    assert_command("stop name=one force=true");
    assert_false(listens(chosen));
    assert_command("ports vm=one");
    assert_string_equal(cell(0, "HOST"), "0");
    assert_command("start one");
    assert_string_equal(field("INGRESS_PORT"), chosen);
    assert_command("stop name=one force=true");
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(chosen)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    aq_autoclose int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(taken, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(taken, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_command("start one"); /* unless somebody else has taken it */
    assert_string_not_equal(field("INGRESS_PORT"), chosen);
}

static void what_is_wrong_is_refused_before_anything_is_made(void **state)
{
    (void)state;
    unsigned port;
    aq_autoclose int taken = take_port(&port);
    assert_refused("PORT_IN_USE", "clone base=base name=one forward=%u:80", port);
    assert_says("in use by unit-verbs-netw (process ");
    assert_refused("VALUE_INVALID", "clone base=base name=one forward=80,80");
    assert_refused("VALUE_INVALID", "clone base=base name=one forward=18080:80,18080:81");
    assert_refused("VALUE_INVALID", "clone base=base name=one forward=http");
    assert_refused("VALUE_INVALID", "clone base=base name=one forward=80 bind=localhost");
    assert_refused("VALUE_INVALID", "clone base=base name=one egress=http");
    assert_says("\"http\"");
    assert_refused("VALUE_INVALID", "clone base=base name=one forward=80 bind=192.0.2.1");
    assert_refused("VM_NOT_FOUND", "status one");
    assert_command("clone base=base name=one no_start forward=%u:80", port); /* it may be free by then */
    assert_refused("PORT_IN_USE", "start one");
}

static void ports_come_and_go_while_it_runs(void **state)
{
    (void)state;
    unsigned port;
    aq_autoclose int taken = take_port(&port);
    assert_command("clone base=base name=one");
    assert_command("forward vm=one guest=8080");
    aq_autofree char *chosen = aq_strdup(field("PORT"));
    assert_string_equal(field("INGRESS_PORT"), chosen);
    assert_true(listens(chosen));
    aq_autofree char *said = free_port();
    assert_command("forward vm=one guest=9090 host=%s bind=127.0.0.1", said);
    assert_string_equal(field("PORT"), said);
    assert_command("forward vm=one guest=53 protocol=udp");
    assert_refused("PORT_IN_USE", "forward vm=one guest=80 host=%u", port);
    assert_refused("VM_MISMATCH", "forward vm=one guest=9090 host=%s", said);
    assert_refused("VALUE_INVALID", "forward vm=one guest=80 bind=nowhere");
    assert_refused("VALUE_INVALID", "forward vm=one guest=80 bind=192.0.2.1");
    assert_refused("KEY_MISSING", "forward vm=one");
    assert_refused("VM_NOT_FOUND", "forward vm=two guest=80");
    assert_command("ports vm=one");
    assert_string_equal(field("COUNT"), "4");
    assert_command("restart one");
    assert_true(listens(chosen));
    assert_true(listens(said));
    assert_command("unforward vm=one guest=8080");
    assert_string_equal(field("COUNT"), "1");
    assert_false(listens(chosen));
    assert_true(listens(said));
    assert_command("unforward vm=one host=%s", said);
    assert_false(listens(said));
    assert_refused("FORWARD_NOT_FOUND", "unforward vm=one guest=8080");
    assert_refused("FORWARD_NOT_FOUND", "unforward vm=one guest=53");
    assert_refused("KEY_MISSING", "unforward vm=one");
    assert_command("unforward vm=one guest=53 protocol=udp");
    assert_command("stop name=one force=true");
    assert_command("forward vm=one guest=70 host=%s", said);
    assert_string_equal(field("PORT"), said);
    assert_false(listens(said));
    assert_command("start one");
    assert_true(listens(said));
}

static void rules_are_changed_and_kept(void **state)
{
    (void)state;
    assert_command("clone base=base name=one egress=none");
    assert_command("egress vm=one allow='5432, db.example.com:443'");
    assert_string_equal(field("EGRESS"), "5432/tcp, db.example.com:443/tcp");
    assert_string_equal(field("DROPPED"), "0");
    assert_command("egress vm=one deny=5432");
    assert_string_equal(field("EGRESS"), "db.example.com:443/tcp, !5432");
    assert_refused("VALUE_INVALID", "egress vm=one allow=nonsense");
    assert_refused("VM_NOT_FOUND", "egress vm=two");
    assert_command("restart one");
    assert_command("egress one allow=any");
    assert_string_equal(field("EGRESS"), "any");
    assert_command("stop name=one force=true");
    assert_command("egress vm=one deny=10.0.0.0/8:any");
    assert_string_equal(field("EGRESS"), "any, !10.0.0.0/8:any");
    assert_string_equal(field("DROPPED"), "");
    assert_command("clone vm=one name=two no_start"); /* a clone is not less limited */
    assert_command("inspect two");
    assert_string_equal(field("EGRESS"), "any, !10.0.0.0/8:any");
}

static void without_a_network_there_is_nothing_to_say(void **state)
{
    (void)state;
    assert_command("clone base=base name=one network=none");
    assert_refused("NOT_SUPPORTED", "forward vm=one guest=80");
    assert_refused("NOT_SUPPORTED", "egress vm=one");
    assert_refused("NOT_SUPPORTED", "wait one for=port:80");
    assert_refused("NOT_SUPPORTED", "wait one for=network");
    assert_command("ports vm=one");
    assert_string_equal(field("COUNT"), "0");
    assert_command("inspect one");
    assert_string_equal(field("EGRESS"), "");
    assert_string_equal(field("COMPANION"), "running"); /* it keeps the console */
}

static void a_port_of_a_guest_is_waited_for(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_refused("VALUE_INVALID", "wait one for=port");
    assert_refused("VALUE_INVALID", "wait one for=port:0");
    assert_refused("VALUE_INVALID", "wait one for=port:80x");
    assert_refused("VALUE_INVALID", "wait one for=godot");
    assert_refused("TIMEOUT", "wait one for=port:80 timeout=1500ms");
    assert_says("its network does not answer");
    assert_refused("TIMEOUT", "wait one for=NETWORK timeout=1500ms");
    assert_says("it has not asked for its address");
}

static void a_stopped_vm_gets_another_network(void **state)
{
    (void)state;
    assert_refused("NOT_SUPPORTED", "clone base=base name=one network=bridge");
    assert_refused("VALUE_INVALID", "clone base=base name=one network=a/b");
    assert_refused("VALUE_INVALID", "clone base=base name=one network=none forward=80");
    assert_refused("VM_NOT_FOUND", "status one");
    assert_command("clone base=base name=one network=Blue");
    assert_command("clone base=base name=two network=Blue no_start");
    assert_command("inspect one");
    assert_string_equal(field("NETWORK"), "Blue");
    assert_string_equal(field("ADDRESS"), "10.0.2.16");
    assert_command("inspect two");
    assert_string_equal(field("ADDRESS"), ""); /* from its first start on */
    assert_refused("VM_RUNNING", "configure_network name=one network=none");
    assert_command("start two");
    assert_command("inspect two");
    assert_string_equal(field("ADDRESS"), "10.0.2.17");

    assert_command("stop name=one force=true");
    assert_command("configure_network name=one type=NONE");
    assert_string_equal(field("NETWORK"), "none");
    assert_refused("NOT_SUPPORTED", "configure_network name=one type=tap tap_name=tap0");
    assert_refused("NOT_SUPPORTED", "configure_network name=one type=user bridge_name=br0");
    assert_refused("VM_NOT_FOUND", "configure_network name=three network=user");
    assert_command("start one");
    assert_command("inspect one");
    assert_string_equal(field("ADDRESS"), "");
    assert_command("stop name=one force=true");
    assert_command("configure_network name=one network=user");
    assert_command("start one");
    assert_command("inspect one");
    assert_string_equal(field("ADDRESS"), "10.0.2.15");

    /* What a state knows stays. */
    assert_command("snapshot one snapshot_name=with-memory");
    assert_command("stop name=one force=true");
    assert_refused("VM_MISMATCH", "configure_network name=one network=Blue");
    assert_command("configure_network name=one network=user"); /* as it is */
    assert_command("remove_snapshot one snapshot_name=with-memory");
    assert_command("configure_network name=one network=Blue");
    assert_command("save_state two");
    assert_refused("VM_SAVED", "configure_network name=two network=user");
    assert_command("restore_state two");
    assert_command("start one");
    assert_command("inspect one");
    assert_string_equal(field("ADDRESS"), "10.0.2.16");
}

static struct aq_run run_of(const char *name)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    assert_ok(aq_vm_load(name, &vm, &err));
    assert_int_equal(aq_run_read(&vm, &run, &err), 1);
    return run;
}

/* Its companion killed, a VM runs on with neither network nor console, and says so; restarted it has both. */
static void a_companion_that_is_gone_is_told(void **state)
{
    (void)state;
    assert_command("clone base=base name=one forward=8080");
    aq_autofree char *port = aq_strdup(field("INGRESS_PORT"));
    struct aq_run run = run_of("one");
    assert_int_equal(kill(run.companion.pid, SIGKILL), 0);
    assert_int_equal(aq_process_wait_gone(&run.companion, aq_after_ms(60000), &err), 1);
    assert_false(listens(port));
    assert_qemu_is("one", "running");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "running");
    assert_command("inspect one");
    assert_string_equal(field("COMPANION"), "gone");
    assert_refused("COMPANION_GONE", "egress vm=one");
    assert_says("save_state");
    assert_refused("COMPANION_GONE", "forward vm=one guest=80");
    assert_refused("COMPANION_GONE", "wait one for=port:80");
    assert_command("logs one");
    assert_command("save_state one");
    assert_command("restore_state one");
    assert_true(listens(port));
    assert_command("egress vm=one");
}

/* And the other way round: QEMU killed, the companion follows, and its ports are free. */
static void a_companion_follows_its_qemu(void **state)
{
    (void)state;
    assert_command("clone base=base name=one forward=8080");
    aq_autofree char *port = aq_strdup(field("INGRESS_PORT"));
    struct aq_run run = run_of("one");
    assert_int_equal(kill(run.process.pid, SIGKILL), 0);
    assert_int_equal(aq_process_wait_gone(&run.process, aq_after_ms(60000), &err), 1);
    assert_int_equal(aq_process_wait_gone(&run.companion, aq_after_ms(60000), &err), 1);
    assert_false(listens(port));
    assert_command("start one");
    assert_string_equal(field("INGRESS_PORT"), port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ports_are_said_when_it_is_made, fresh, ended),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_refused_before_anything_is_made, fresh, ended),
        cmocka_unit_test_setup_teardown(ports_come_and_go_while_it_runs, fresh, ended),
        cmocka_unit_test_setup_teardown(rules_are_changed_and_kept, fresh, ended),
        cmocka_unit_test_setup_teardown(without_a_network_there_is_nothing_to_say, fresh, ended),
        cmocka_unit_test_setup_teardown(a_port_of_a_guest_is_waited_for, fresh, ended),
        cmocka_unit_test_setup_teardown(a_stopped_vm_gets_another_network, fresh, ended),
        cmocka_unit_test_setup_teardown(a_companion_that_is_gone_is_told, fresh, ended),
        cmocka_unit_test_setup_teardown(a_companion_follows_its_qemu, fresh, ended),
    };
    return cmocka_run_group_tests_name("verbs/network", tests, NULL, NULL);
}
