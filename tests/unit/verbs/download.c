/* SPDX-License-Identifier: MIT */
/* download_iso and import, as a caller of the library meets them, from a real web server. */
#include "web.h"

#include <sys/stat.h>

#include "image.h"
#include "session.h"
#include "test-files.h"
#include "tool.h"
#include "util/digest.h"
#include "util/files.h"
#include "util/home.h"
#include "util/url.h"

static struct web web;
static char digest[AQ_SHA256_TEXT]; /* of what the server has */
static char image_digest[AQ_SHA256_TEXT];

static int start(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autobuffer struct aq_buffer body = {0};
    struct image image = image_sound();
    web_body(100000, &body);
    assert_ok(aq_sha256(body.data, body.length, digest, &err));
    assert_ok(aq_sha256(image.bytes, image.length, image_digest, &err));
    assert_ok(aq_write_new_file_at(AT_FDCWD, "image.qcow2", image.bytes, image.length, 0600, &err));
    assert_ok(aq_write_new_file_at(AT_FDCWD, "image.raw", "no image", 8, 0600, &err));
    web_start(&web, NULL, NULL);
    return mkdir("isos", 0755);
}

static int stop(void **state)
{
    (void)state;
    aq_result_free(last);
    web_stop(&web);
    return 0;
}

static void a_file_is_downloaded_where_it_is_wanted(void **state)
{
    (void)state;
    assert_command(
        "download_iso url=http://user:hunter2@127.0.0.1:%d/good?key=hunter2 destination=isos/a.iso",
        web.port);
    assert_string_equal(field("SHA256"), digest);
    assert_string_equal(field("SIZE"), "100000");
    assert_string_equal(field("VERIFIED"), "0");
    assert_null(strstr(aq_result_json(last, NULL), "hunter2"));
    aq_autofree char *path = aq_format("%s/isos/a.iso", getenv("TEST_WORK"));
    assert_string_equal(field("PATH"), path);
    assert_command("security_audit");
    assert_non_null(strstr(aq_result_json(last, NULL), "/good?…"));
    assert_null(strstr(aq_result_json(last, NULL), "hunter2"));
    assert_command(
        "download_iso url=http://127.0.0.1:%d/good/debian%%2012.iso destination=isos checksum=sha256:%s",
        web.port, digest);
    assert_string_equal(field("VERIFIED"), "1");
    assert_int_equal(access("isos/debian 12.iso", F_OK), 0);
    assert_refused("VALUE_INVALID", "download_iso url=http://127.0.0.1:%d/ destination=isos/", web.port);
    assert_refused("FILE_NOT_FOUND", "download_iso url=http://127.0.0.1:%d/good destination=nowhere/x",
                   web.port);
    assert_refused("VALUE_INVALID", "download_iso url=ftp://127.0.0.1/x destination=isos/x");
    assert_refused("VALUE_INVALID", "download_iso url=http://127.0.0.1:%d/good checksum=md5:00", web.port);
    assert_only("isos", 2);
}

static void what_is_there_is_not_lost(void **state)
{
    (void)state;
    assert_command("download_iso url=http://127.0.0.1:%d/good destination=isos/a.iso checksum=sha256:%s",
                   web.port, digest);
    assert_string_equal(field("SKIPPED"), "1");
    assert_refused("FILE_EXISTS", "download_iso url=http://127.0.0.1:%d/good destination=isos/a.iso",
                   web.port);
    struct aq_error err = {0};
    assert_ok(aq_write_new_file_at(AT_FDCWD, "isos/mine", "mine", 4, 0600, &err));
    assert_refused("FILE_EXISTS",
                   "download_iso url=http://127.0.0.1:%d/good destination=isos/mine checksum=sha256:%s",
                   web.port, digest);
    assert_refused("CHECKSUM_WRONG",
                   "download_iso url=http://127.0.0.1:%d/good?size=5 destination=isos/mine overwrite=true "
                   "checksum=sha256:%s",
                   web.port, digest);
    aq_autobuffer struct aq_buffer text = {0};
    assert_ok(aq_read_file_at(AT_FDCWD, "isos/mine", 100, &text, &err));
    assert_string_equal(text.data, "mine");
    assert_command("download_iso url=http://127.0.0.1:%d/good destination=isos/mine overwrite=true",
                   web.port);
    assert_only("isos", 3);
}

static void an_image_is_imported_over_a_broken_connection(void **state)
{
    (void)state;
    assert_command("import name=one url=http://127.0.0.1:%d/file/image.qcow2?after=13000 checksum=sha256:%s "
                   "memory=512M os='A B'",
                   web.port, image_digest);
    assert_string_equal(field("SHA256"), image_digest);
    assert_string_equal(field("MEMORY"), "512");
    assert_string_equal(field("COPY"), "1");
    assert_string_equal(field("OS"), "A B");
    assert_command("clone base=one name=vm no_start");
    assert_command("remove name=vm");
    assert_command("import name=one url=http://127.0.0.1:1/never-asked checksum=sha256:%s", image_digest);
    assert_string_equal(field("UNCHANGED"), "1");
    assert_refused("BASE_EXISTS", "import name=one url=http://127.0.0.1:1/never-asked");
}

static void a_file_of_the_host_is_imported_too(void **state)
{
    (void)state;
    assert_command("import name=two file=image.qcow2 checksum=sha256:%s", image_digest);
    assert_string_equal(field("VERIFIED"), "1");
    assert_refused("CHECKSUM_WRONG", "import name=three file=image.qcow2 checksum=sha256:%s", digest);
    assert_refused("BASE_NOT_FOUND", "inspect_base name=three");
    assert_command("import name=three url=file://%s/image.qcow2", getenv("TEST_WORK"));
}

static void what_is_no_sound_image_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "image.qcow2", "overlay.qcow2");
    assert_refused("IMAGE_NOT_QCOW2", "import name=bad url=http://127.0.0.1:%d/file/image.raw", web.port);
    assert_refused("IMAGE_NOT_QCOW2", "import name=bad file=image.raw");
    assert_refused("IMAGE_BACKING_FILE", "import name=bad url=http://127.0.0.1:%d/file/overlay.qcow2",
                   web.port);
    assert_refused("IMAGE_BACKING_FILE", "import name=bad file=overlay.qcow2");
    assert_refused("CHECKSUM_WRONG",
                   "import name=bad url=http://127.0.0.1:%d/file/image.qcow2 checksum=sha256:%s", web.port,
                   digest);
    assert_refused("DOWNLOAD_FAILED", "import name=bad url=http://127.0.0.1:%d/nothing", web.port);
    assert_refused("KEY_MISSING", "import name=bad");
    assert_refused("KEY_MISSING", "import name=bad file=image.qcow2 url=http://127.0.0.1:%d/good", web.port);
    assert_refused("BASE_NOT_FOUND", "inspect_base name=bad");
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *left = aq_format("%s/cache/downloads/import", home);
    assert_only(left, 0);
}

static void names_of_files_come_from_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *name;
    } cases[] = {
        {"https://host/a/b.iso", "b.iso"},
        {"https://host/b.iso?x=/y#z", "b.iso"},
        {"https://host/a%20b", "a b"},
        {"https://host/", NULL},
        {"https://host", NULL},
        {"https://host/a/", NULL},
        {"https://host/a%2fb", NULL},
        {"https://host/..", NULL},
        {"https://host/.hidden", NULL},
        {"https://u:p@host/%zz", "%zz"},
        {"https://host/a%00b", NULL},
        {"file:///srv/x.img", "x.img"},
        {"https://host?name=/a.iso", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aq_autofree char *name = aq_url_file_name(cases[i].url);
        if ((name == NULL) != (cases[i].name == NULL) || (name != NULL && strcmp(name, cases[i].name) != 0))
            fail_msg("%s: wanted %s, got %s", cases[i].url, cases[i].name, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_downloaded_where_it_is_wanted),
        cmocka_unit_test(what_is_there_is_not_lost),
        cmocka_unit_test(an_image_is_imported_over_a_broken_connection),
        cmocka_unit_test(a_file_of_the_host_is_imported_too),
        cmocka_unit_test(what_is_no_sound_image_is_refused),
        cmocka_unit_test(names_of_files_come_from_urls),
    };
    return cmocka_run_group_tests_name("verbs/download", tests, start, stop);
}
