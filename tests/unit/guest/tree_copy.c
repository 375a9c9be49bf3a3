/* SPDX-License-Identifier: MIT */
/* Folders into a guest and out of it through our helper, whose server runs here. */
#include "guest-server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/tree_copy.h"
#include "tool.h"
#include "util/files.h"
#include "util/tree_place.h"

static char here[3000];
static struct aq_error err;
static struct aq_tree_counts counts;

static void shell(const char *script)
{
    tool("sh", "-ec", script);
}

static int fresh(void **state)
{
    err = (struct aq_error){0};
    aq_tree_counts_free(&counts);
    counts = (struct aq_tree_counts){0};
    shell("rm -rf in out guest; mkdir guest");
    return open_fixture(state);
}

static struct aq_channel *channel_of(void **state)
{
    return ((struct helper_fixture *)*state)->channel;
}

static int put(void **state, const char *folder, const char *path, const char *owner, bool make_folders)
{
    aq_autofree char *full = aq_format("%s/%s", here, path);
    aq_autotreepack struct aq_tree_pack *pack = aq_tree_pack_open(folder, &counts, &err);
    assert_non_null(pack);
    const struct aq_guest_tree_put order = {.pack = pack,
                                            .path = full,
                                            .owner = owner,
                                            .make_folders = make_folders,
                                            .deadline = aq_after_ms(120000)};
    return aq_guest_tree_put(channel_of(state), &order, &err);
}

static int get(void **state, const char *path, const char *target, uint64_t limit)
{
    aq_autofree char *full = path[0] == '/' ? aq_strdup(path) : aq_format("%s/%s", here, path);
    aq_autotreeplace struct aq_tree_place place = AQ_TREE_PLACE_NONE;
    aq_tree_counts_free(&counts);
    counts = (struct aq_tree_counts){0};
    if (aq_tree_place_open(target, &place, &err) < 0)
        return -1;
    aq_autotreeunpack struct aq_tree_unpack *unpack =
        aq_tree_unpack_open(place.folder, false, limit, &counts);
    const struct aq_guest_tree_get order = {.path = full, .unpack = unpack, .deadline = aq_after_ms(120000)};
    return aq_guest_tree_get(channel_of(state), &order, &err) < 0 ? -1 : aq_tree_place_publish(&place, &err);
}

/* Nothing but what is named is in the guest's folder: no stage is left. */
#define assert_guest_has(names) shell("[ \"$(cd guest; echo $(ls -A))\" = '" names "' ]")

static void goes_in_and_out(void **state)
{
    shell("mkdir -p in/sub in/.hidden; echo 1 >in/one; chmod 600 in/one; ln -s /etc/passwd in/link; echo 2 "
          ">'in/sub/a \"b'; "
          "i=0; while [ $i -lt 300 ]; do echo $i >in/sub/$i; i=$((i+1)); done; head -c 3000000 /dev/urandom "
          ">in/large");
    assert_ok(put(state, "in", "guest/in", NULL, false));
    assert_int_equal(counts.files, 303);
    shell("diff -r in guest/in; [ \"$(stat -c %a guest/in/one)\" = 600 ]; [ \"$(readlink guest/in/link)\" = "
          "/etc/passwd ]");
    assert_guest_has("in");
    assert_ok(get(state, "guest/in", "out", UINT64_MAX));
    shell("rm in/link; diff -r in out; [ ! -L out/link ]"); /* it leads out */
}

static void is_joined_with_what_is_there(void **state)
{
    shell("mkdir -p in/sub in/new guest/in/sub guest/target; echo 1 >in/sub/one; echo 2 >in/new/two; echo 3 "
          ">in/.three; "
          "echo 4 >in/link; echo old >guest/in/sub/old; echo old >guest/in/sub/one; ln -s ../target "
          "guest/in/link; "
          "ln -s nowhere in/dangling");
    assert_ok(put(state, "in", "guest/in", NULL, false));
    shell("cd guest/in; [ \"$(cat sub/one new/two .three link sub/old | tr '\\n' ' ')\" = '1 2 3 4 old ' ]; "
          "[ \"$(readlink dangling)\" = nowhere ]; [ ! -L link ]; [ -z \"$(ls -A ../target)\" ]; [ \"$(ls -A "
          "| wc -l)\" = 5 ]");
    assert_guest_has("in target");
    /* What cannot be joined leaves everything as it was. */
    shell("rm -rf in; mkdir -p in/z in/a; echo x >in/z/one; mv guest/in/sub/one guest/in/kept; rm -rf "
          "guest/in/z; "
          "echo file >guest/in/z; echo new >in/kept");
    assert_fails(put(state, "in", "guest/in", NULL, false), AQ_E_GUEST_REFUSED);
    shell("cd guest/in; [ \"$(cat z)\" = file ] && [ \"$(cat kept)\" = 1 ] && [ ! -e a ] && [ -z \"$(find . "
          "-name '.aq*')\" ]");
    shell("rm -rf in; mkdir in; echo x >in/sub");
    assert_fails(put(state, "in", "guest/in", NULL, false), AQ_E_GUEST_REFUSED);
}

static void says_what_is_wrong(void **state)
{
    shell("mkdir in; echo x >in/x; echo file >guest/file; ln -s /tmp guest/link");
    assert_fails(put(state, "in", "guest/no/such", NULL, false), AQ_E_GUEST_FILE_NOT_FOUND);
    assert_ok(put(state, "in", "guest/made/up/in", NULL, true));
    assert_fails(put(state, "in", "guest/file", NULL, false), AQ_E_GUEST_REFUSED);
    assert_fails(put(state, "in", "guest/link", NULL, false), AQ_E_GUEST_REFUSED);
    assert_fails(put(state, "in", "guest/in", "no-such-user", false), AQ_E_GUEST_REFUSED);
    assert_fails(get(state, "guest/nothing", "out", UINT64_MAX), AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(get(state, "guest/file", "out", UINT64_MAX), AQ_E_GUEST_REFUSED);
    shell("head -c 100000 /dev/zero >guest/made/large");
    assert_fails(get(state, "guest/made", "out", 99999), AQ_E_LIMIT_EXCEEDED);
    assert_ok(get(state, "guest/made", "out", 100002)); /* and the channel is as well as before */
    shell("[ -z \"$(find . /run /tmp -maxdepth 1 -name '.aq-*' -newer in)\" ] && [ ! -e .address-qemu* ]");
    assert_guest_has("file link made");
}

/* The guest's tar is this script from now on: its own server starts with it in its PATH. */
static void guest_tar_is(void **state, const char *script)
{
    struct helper_fixture *fixture = *state;
    aq_autofree char *before = aq_strdup(getenv("PATH"));
    aq_autofree char *path = aq_format("%s/guest/bin:%s", here, before);
    aq_autofree char *make = aq_format(
        "mkdir guest/bin guest/in; printf '#!/bin/sh\n%s\n' >guest/bin/tar; chmod 755 guest/bin/tar", script);
    shell(make);
    aq_channel_close(fixture->channel);
    assert_server_ends(&fixture->server);
    setenv("PATH", path, 1);
    open_fixture(state);
    setenv("PATH", before, 1);
}

static void a_guest_that_does_not_end_is_ended(void **state)
{
    guest_tar_is(state, "yes");
    assert_fails(get(state, "guest/in", "out", UINT64_MAX), AQ_E_TRANSFER_CORRUPT);
    shell("[ ! -e out ]");
}

/* One that sends a link and then something through it. */
static void a_guest_that_lies_reaches_nothing_outside(void **state)
{
    shell(
        "mkdir victim; ln -s ../victim evil; tar -cf evil.tar evil; rm evil; mkdir evil; echo x >evil/file; "
        "tar -rf evil.tar evil/file; rm -r evil");
    aq_autofree char *script = aq_format("cat %s/evil.tar", here);
    guest_tar_is(state, script);
    if (get(state, "guest/in", "out", UINT64_MAX) < 0)
        assert_int_equal(err.code, AQ_E_GUEST_REFUSED);
    else
        shell("[ -f out/evil/file ] && [ ! -L out/evil ]");
    shell("[ -z \"$(ls -A victim)\" ]");
    shell("rm -rf victim evil.tar");
}

static void an_interruption_leaves_nothing(void **state)
{
    shell("mkdir -p in guest/in; head -c 200000000 /dev/zero >in/large; echo old >guest/in/old");
    alarm(0);
    signal(SIGALRM, (void (*)(int))(uintptr_t)aq_interrupt);
    alarm(1);
    int result = put(state, "in", "guest/in", NULL, false);
    if (result < 0)
        assert_int_equal(err.code, AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    shell("[ -z \"$(ls -A guest/in | grep '^.aq')\" ] && [ \"$(cat guest/in/old)\" = old ]");
    shell("rm -rf in guest/in");
}

#define with_server(name) cmocka_unit_test_setup_teardown(name, fresh, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(goes_in_and_out),
        with_server(is_joined_with_what_is_there),
        with_server(says_what_is_wrong),
        with_server(a_guest_that_does_not_end_is_ended),
        with_server(a_guest_that_lies_reaches_nothing_outside),
        with_server(an_interruption_leaves_nothing),
    };
    if (getcwd(here, sizeof here) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aq_tree_counts_free(&counts);
    return failed;
}
