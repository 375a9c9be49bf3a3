/* SPDX-License-Identifier: MIT */
/* Downloads from a real web server that does what bad ones do. */
#include "web.h"

#include <pthread.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "test-files.h"
#include "tool.h"
#include "util/download.h"
#include "util/files.h"
#include "util/wait.h"

#define SIZE 100000

static struct web web;
static struct aq_error err;
static char digest_of_body[AQ_SHA256_TEXT];

static int start(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer body = {0};
    web_start(&web, NULL, NULL);
    web_body(SIZE, &body);
    return aq_sha256(body.data, body.length, digest_of_body, &err);
}

static int stop(void **state)
{
    (void)state;
    web_stop(&web);
    return 0;
}

/* A folder of its own for each test. */
static int fresh(void **state)
{
    (void)state;
    static int number;
    aq_autofree char *folder = aq_format("%s/%d", getenv("TEST_WORK"), ++number);
    err = (struct aq_error){0};
    return mkdir(folder, 0700) == 0 ? chdir(folder) : -1;
}

static char *url_of(const char *path)
{
    return aq_format("http://127.0.0.1:%d%s", web.port, path);
}

static int get(const char *path, const char *sha256)
{
    char found[AQ_SHA256_TEXT];
    aq_autofree char *url = url_of(path);
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct aq_download download = {
        .url = url, .sha256 = sha256, .max = 1 << 20, .timeout_ms = 10000, .pause_ms = 10};
    int result = aq_download_to(&download, folder, "file", found, &err);
    if (result == 0 && sha256 != NULL)
        assert_string_equal(found, sha256);
    return result;
}

static void assert_body(void)
{
    char found[AQ_SHA256_TEXT];
    aq_autoclose int fd = open("file", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_ok(aq_sha256_file(fd, "file", found, &err));
    assert_string_equal(found, digest_of_body);
    assert_only(".", 1);
}

static void assert_request(const char *wanted)
{
    assert_string_equal(web_request(&web), wanted);
}

static void a_file_arrives_whole(void **state)
{
    (void)state;
    assert_ok(get("/good", NULL));
    assert_body();
    assert_request("GET /good - -");
    assert_ok(get("/whole", digest_of_body));
    assert_body();
    assert_request("GET /whole - -");
    assert_ok(get("/empty", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_only(".", 1);
    assert_request("GET /empty - -");
}

static void a_wrong_checksum_leaves_nothing(void **state)
{
    (void)state;
    const char *wrong = "0000000000000000000000000000000000000000000000000000000000000000";
    assert_fails(get("/good", wrong), AQ_E_CHECKSUM_WRONG);
    assert_request("GET /good - -");
    assert_only(".", 0);
    assert_ok(aq_write_new_file_at(AT_FDCWD, "file", "mine", 4, 0600, &err));
    assert_fails(get("/good", wrong), AQ_E_CHECKSUM_WRONG);
    assert_request("GET /good - -");
    assert_only(".", 1);
    aq_autobuffer struct aq_buffer kept = {0};
    assert_ok(aq_read_file_at(AT_FDCWD, "file", 100, &kept, &err));
    assert_string_equal(kept.data, "mine");
}

static void a_broken_connection_is_gone_on_from(void **state)
{
    (void)state;
    assert_ok(get("/broken", NULL));
    assert_body();
    assert_request("GET /broken - -");
    assert_request("GET /broken bytes=30000- \"v1\"");
    assert_request("GET /broken bytes=60000- \"v1\"");
    assert_request("GET /broken bytes=90000- \"v1\"");
}

static void without_anything_to_go_by_it_begins_anew(void **state)
{
    (void)state;
    assert_ok(get("/broken-unnamed?after=60000", digest_of_body)); /* the checksum is something to go by */
    assert_body();
    assert_request("GET /broken-unnamed?after=60000 - -");
    assert_request("GET /broken-unnamed?after=60000 bytes=60000- -");
    assert_fails(get("/broken-unnamed?after=0", NULL), AQ_E_DOWNLOAD_FAILED);
    for (int i = 0; i < 5; i++)
        assert_request("GET /broken-unnamed?after=0 - -");
}

static void a_version_that_changed_is_not_mixed_with_the_old_one(void **state)
{
    (void)state;
    assert_ok(get("/changing", NULL));
    assert_request("GET /changing - -");
    assert_request("GET /changing bytes=30000- \"v1\"");
    aq_autobuffer struct aq_buffer text = {0};
    assert_ok(aq_read_file_at(AT_FDCWD, "file", SIZE, &text, &err));
    assert_int_equal(text.length, SIZE);
    assert_int_equal(strspn(text.data, "2"), SIZE);
}

static void a_server_that_sends_another_part_is_asked_for_all(void **state)
{
    (void)state;
    assert_fails(get("/wrong-range", NULL), AQ_E_DOWNLOAD_FAILED); /* all of it breaks off each time */
    assert_request("GET /wrong-range - -");
    assert_request("GET /wrong-range bytes=30000- \"v1\"");
    assert_request("GET /wrong-range - -");
}

/* Part and note as an earlier process would have left them. */
static void leave_part(const char *path, const char *validator, size_t length, char byte)
{
    aq_autofree char *note = aq_format("http://127.0.0.1:%d%s\n%s\n", web.port, path, validator);
    aq_autobuffer struct aq_buffer body = {0};
    web_body(length, &body);
    if (byte != '\0')
        memset(body.data, byte, length);
    assert_ok(aq_write_new_file_at(AT_FDCWD, ".file.from", note, strlen(note), 0600, &err));
    assert_ok(aq_write_new_file_at(AT_FDCWD, ".file.part", body.data, length, 0600, &err));
}

static void the_part_of_an_earlier_try_is_gone_on_from(void **state)
{
    (void)state;
    leave_part("/good", "\"v1\"", 40000, '\0');
    assert_ok(get("/good", NULL));
    assert_body();
    assert_request("GET /good bytes=40000- \"v1\"");

    assert_int_equal(unlink("file"), 0);
    leave_part("/unnamed", "", 40000, '\0');
    assert_ok(get("/unnamed", NULL)); /* no checksum, no version: not to be trusted */
    assert_body();
    assert_request("GET /unnamed - -");

    assert_int_equal(unlink("file"), 0);
    leave_part("/other", "\"v1\"", 40000, 'x');
    assert_ok(get("/good", NULL)); /* of another URL */
    assert_body();
    assert_request("GET /good - -");

    assert_int_equal(unlink("file"), 0);
    leave_part("/good", "", SIZE, '\0');
    assert_ok(get("/good", digest_of_body)); /* it was complete: the server has nothing more */
    assert_body();
    assert_request("GET /good bytes=100000- -");
}

static void a_spoilt_part_is_fetched_anew(void **state)
{
    (void)state;
    leave_part("/good", "\"v1\"", 40000, 'x');
    assert_ok(get("/good", digest_of_body));
    assert_body();
    assert_request("GET /good bytes=40000- \"v1\"");
    assert_request("GET /good - -");
    leave_part("/good", "", SIZE + 50000, 'x'); /* longer than all of it */
    assert_ok(get("/good", digest_of_body));
    assert_body();
    assert_request("GET /good bytes=150000- -");
    assert_request("GET /good - -");
}

static void redirects_are_followed_as_far_as_they_may(void **state)
{
    (void)state;
    assert_ok(get("/redirect/9", digest_of_body));
    assert_body();
    for (int i = 0; i < 11; i++)
        web_request(&web);
    assert_fails(get("/redirect/10", digest_of_body), AQ_E_DOWNLOAD_FAILED);
    for (int i = 0; i < 11; i++)
        web_request(&web);
    assert_fails(get("/redirect/0?to=file:///etc/passwd", NULL), AQ_E_DOWNLOAD_FAILED);
    assert_fails(get("/redirect/0?to=ftp://127.0.0.1/x", NULL), AQ_E_DOWNLOAD_FAILED);
    assert_fails(get("/redirect/0?to=gopher://127.0.0.1/x", NULL), AQ_E_DOWNLOAD_FAILED);
    for (int i = 0; i < 3; i++)
        web_request(&web);
    assert_only(".", 1);
}

static void what_the_server_refuses_is_said(void **state)
{
    (void)state;
    assert_int_equal(get("/status/404?token=hunter2", NULL), -1);
    assert_int_equal(err.code, AQ_E_DOWNLOAD_FAILED);
    assert_non_null(strstr(err.text, "/status/404?…: the server answers with status 404"));
    assert_null(strstr(err.text, "hunter2"));
    err = (struct aq_error){0};
    web_request(&web);
    assert_only(".", 0);
    assert_ok(get("/once/503", digest_of_body)); /* passing trouble passes */
    assert_body();
    web_request(&web);
    web_request(&web);
}

static void sizes_are_capped(void **state)
{
    (void)state;
    assert_fails(get("/good?size=1048577", NULL), AQ_E_LIMIT_EXCEEDED);
    assert_fails(get("/endless", NULL), AQ_E_LIMIT_EXCEEDED);
    assert_only(".", 0);
    web_request(&web);
    web_request(&web);
}

static void what_is_quiet_for_too_long_is_given_up(void **state)
{
    (void)state;
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    aq_autofree char *url = url_of("/stuck");
    char found[AQ_SHA256_TEXT];
    const struct aq_download download = {.url = url, .timeout_ms = 200, .pause_ms = 10};
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_TIMEOUT);
    assert_int_equal(access(".file.part", F_OK), 0); /* for the next try */
    web_request(&web);
    for (int i = 0; i < 5; i++)
        assert_request("GET /stuck bytes=1000- \"v1\"");
}

static void *interrupt_soon(void *unused)
{
    (void)unused;
    usleep(300000);
    aq_interrupt();
    return NULL;
}

static void an_interruption_ends_it_and_the_next_goes_on(void **state)
{
    (void)state;
    pthread_t thread;
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    aq_autofree char *url = url_of("/slow?pause=0.05&size=100");
    char found[AQ_SHA256_TEXT];
    const struct aq_download download = {.url = url};
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, NULL), 0);
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_INTERRUPTED);
    pthread_join(thread, NULL);
    aq_interrupt_clear();
    assert_int_equal(access("file", F_OK), -1);
    web_request(&web);
    assert_ok(aq_download_to(&download, folder, "file", found, &err));
    assert_null(strstr(web_request(&web), " - -"));
    struct stat file;
    assert_int_equal(stat("file", &file), 0);
    assert_int_equal(file.st_size, 100);
}

static void file_urls_only_where_allowed(void **state)
{
    (void)state;
    char found[AQ_SHA256_TEXT];
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    aq_autofree char *url = aq_format("file://%s/source", getenv("TEST_WORK"));
    struct aq_download download = {.url = url};
    close(make_file(url + 7, 12345));
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_VALUE_INVALID);
    download.allow_file = true;
    assert_ok(aq_download_to(&download, folder, "file", found, &err));
    aq_autoclose int a = open(url + 7, O_RDONLY | O_CLOEXEC);
    aq_autoclose int b = open("file", O_RDONLY | O_CLOEXEC);
    assert_same_contents(a, b);
    download.url = "file:///nowhere/at/all";
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_DOWNLOAD_FAILED);
    download.url = "ftp://127.0.0.1/x";
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_VALUE_INVALID);
    assert_only(".", 1);
}

/* The environment's proxy is asked: here the server itself, which is given the whole URL as the path. */
static void the_environments_proxy_is_used(void **state)
{
    (void)state;
    aq_autofree char *proxy = url_of("");
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char found[AQ_SHA256_TEXT];
    const struct aq_download download = {.url = "http://example.invalid/good"};
    setenv("http_proxy", proxy, 1);
    unsetenv("no_proxy");
    assert_ok(aq_download_to(&download, folder, "file", found, &err));
    unsetenv("http_proxy");
    assert_request("GET http://example.invalid/good - -");
    assert_body();
}

static void tls_is_verified(void **state)
{
    (void)state;
    struct web secure;
    char found[AQ_SHA256_TEXT];
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost");
    web_start(&secure, "cert.pem", "key.pem");
    aq_autofree char *url = aq_format("https://localhost:%d/good", secure.port);
    aq_autofree char *other_name = aq_format("https://127.0.0.1:%d/good", secure.port);
    aq_autofree char *down =
        aq_format("https://localhost:%d/redirect/0?to=http://127.0.0.1:%d/good", secure.port, web.port);
    struct aq_download download = {.url = url};
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_DOWNLOAD_FAILED);
    setenv("SSL_CERT_FILE", "cert.pem", 1);
    assert_ok(aq_download_to(&download, folder, "file", found, &err));
    assert_string_equal(found, digest_of_body);
    download.url = other_name; /* a certificate of another name */
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_DOWNLOAD_FAILED);
    download.url = down; /* from https to http */
    assert_fails(aq_download_to(&download, folder, "file", found, &err), AQ_E_DOWNLOAD_FAILED);
    unsetenv("SSL_CERT_FILE");
    web_stop(&secure);
}

static void the_cache_is_asked_first(void **state)
{
    (void)state;
    aq_autofree char *url = url_of("/good");
    const struct aq_download download = {.url = url, .sha256 = digest_of_body};
    assert_fails(aq_download_open_cached(digest_of_body, &err), AQ_E_FILE_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        aq_autoclose int fd = aq_download_cached(&download, &err);
        char found[AQ_SHA256_TEXT];
        assert_ok(fd);
        assert_ok(aq_sha256_file(fd, "cached", found, &err));
        assert_string_equal(found, digest_of_body);
    }
    assert_request("GET /good - -");
    aq_autoclose int again = aq_download_open_cached(digest_of_body, &err);
    assert_ok(again);
}

static void what_was_not_asked_for_in_a_while_is_pruned(void **state)
{
    (void)state;
    struct aq_download_pruned pruned;
    aq_autofree char *url = url_of("/good");
    const struct aq_download download = {.url = url, .sha256 = digest_of_body};
    aq_autoclose int folder = aq_download_folder("sha256", &err);
    const struct timespec days_ago[2] = {{.tv_sec = time(NULL) - 300000}, {.tv_sec = time(NULL) - 300000}};
    aq_autoclose int before = aq_download_cached(&download, &err); /* it is there from the test before */
    assert_ok(before);
    assert_ok(aq_download_prune(86400000, false, &pruned, &err));
    assert_int_equal(pruned.count, 0);
    assert_int_equal(utimensat(folder, digest_of_body, days_ago, 0), 0);
    aq_autoclose int used = aq_download_cached(&download, &err);
    assert_ok(aq_download_prune(86400000, false, &pruned, &err));
    assert_int_equal(pruned.count, 0);

    assert_int_equal(utimensat(folder, digest_of_body, days_ago, 0), 0);
    assert_ok(aq_write_new_file_at(folder, ".busy.part", "x", 1, 0600, &err));
    assert_int_equal(utimensat(folder, ".busy.part", days_ago, 0), 0);
    aq_autoclose int busy = openat(folder, ".busy.part", O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(busy, LOCK_EX), 0);
    assert_ok(aq_download_prune(86400000, true, &pruned, &err));
    assert_int_equal(pruned.count, 1);
    assert_true(pruned.bytes >= SIZE);
    assert_ok(aq_download_prune(86400000, false, &pruned, &err));
    assert_int_equal(pruned.count, 1);
    assert_fails(aq_download_open_cached(digest_of_body, &err), AQ_E_FILE_NOT_FOUND);
    assert_int_equal(flock(busy, LOCK_UN), 0);
    assert_ok(aq_download_prune(0, false, &pruned, &err));
    assert_int_equal(pruned.count, 1);
}

static void *get_cached(void *data)
{
    struct aq_error own = {0};
    int fd = aq_download_cached(data, &own);
    if (fd < 0)
        fprintf(stderr, "%s\n", own.text);
    return fd >= 0 && close(fd) == 0 ? data : NULL;
}

static void two_at_once_ask_once(void **state)
{
    (void)state;
    char other[AQ_SHA256_TEXT];
    aq_autobuffer struct aq_buffer body = {0};
    web_body(300, &body);
    assert_ok(aq_sha256(body.data, body.length, other, &err));
    aq_autofree char *url = url_of("/slow?size=300&pause=0.001");
    const struct aq_download download = {.url = url, .sha256 = other};
    pthread_t threads[4];
    void *result;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_cached, (void *)&download), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    assert_request("GET /slow?size=300&pause=0.001 - -");
    assert_ok(get("/good", NULL)); /* and no second one before this */
    assert_request("GET /good - -");
}

struct seen {
    int count;
    uint64_t last;
    uint64_t total;
};

static void see(void *data, const char *url, uint64_t done, uint64_t total)
{
    struct seen *seen = data;
    assert_non_null(strstr(url, "/good"));
    assert_true(done >= seen->last);
    *seen = (struct seen){seen->count + 1, done, total};
}

static void progress_is_told(void **state)
{
    (void)state;
    struct seen seen = {0};
    char found[AQ_SHA256_TEXT];
    const struct aq_download_progress progress = {see, &seen};
    aq_autofree char *url = url_of("/good");
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct aq_download download = {.url = url, .progress = &progress};
    assert_ok(aq_download_to(&download, folder, "file", found, &err));
    assert_true(seen.count >= 1);
    assert_int_equal(seen.last, SIZE);
    assert_int_equal(seen.total, SIZE);
    web_request(&web);
}

static void a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {.rlim_cur = 50000, .rlim_max = RLIM_INFINITY}, before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int result = get("/good", NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -1);
    assert_int_equal(err.code, AQ_E_IO);
    err = (struct aq_error){0};
    web_request(&web);
    assert_int_equal(access("file", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_arrives_whole, fresh),
        cmocka_unit_test_setup(a_wrong_checksum_leaves_nothing, fresh),
        cmocka_unit_test_setup(a_broken_connection_is_gone_on_from, fresh),
        cmocka_unit_test_setup(without_anything_to_go_by_it_begins_anew, fresh),
        cmocka_unit_test_setup(a_version_that_changed_is_not_mixed_with_the_old_one, fresh),
        cmocka_unit_test_setup(the_part_of_an_earlier_try_is_gone_on_from, fresh),
        cmocka_unit_test_setup(a_spoilt_part_is_fetched_anew, fresh),
        cmocka_unit_test_setup(redirects_are_followed_as_far_as_they_may, fresh),
        cmocka_unit_test_setup(what_the_server_refuses_is_said, fresh),
        cmocka_unit_test_setup(sizes_are_capped, fresh),
        cmocka_unit_test_setup(an_interruption_ends_it_and_the_next_goes_on, fresh),
        cmocka_unit_test_setup(file_urls_only_where_allowed, fresh),
        cmocka_unit_test_setup(the_environments_proxy_is_used, fresh),
        cmocka_unit_test_setup(tls_is_verified, fresh),
        cmocka_unit_test_setup(the_cache_is_asked_first, fresh),
        cmocka_unit_test_setup(what_was_not_asked_for_in_a_while_is_pruned, fresh),
        cmocka_unit_test_setup(two_at_once_ask_once, fresh),
        cmocka_unit_test_setup(progress_is_told, fresh),
        cmocka_unit_test_setup(a_full_disk_leaves_nothing, fresh),
        cmocka_unit_test_setup(what_is_quiet_for_too_long_is_given_up, fresh),
        cmocka_unit_test_setup(a_server_that_sends_another_part_is_asked_for_all, fresh),
    };
    return cmocka_run_group_tests_name("util/download", tests, start, stop);
}
