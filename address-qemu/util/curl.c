/* SPDX-License-Identifier: MIT */
#include "util/curl.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "util/memory.h"

#define REDIRECTS 10
#define CONNECT_SECONDS 30
#define SOCKETS_MAX 16

AQ_LIBRARY_DEFINE(aq_curl, AQ_CURL_FUNCTIONS, "libcurl4", "libcurl.so.4", "libcurl-gnutls.so.4");

/* What libcurl waits for. */
struct drive {
    CURLM *multi;
    struct pollfd fds[SOCKETS_MAX];
    unsigned count;
    aq_deadline timer; /* its own next moment */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void init_global(void)
{
    global_result = aq_curl.curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Every protocol that this may come to. From https to http nothing is followed. */
static void set_protocols(CURL *easy, const char *url, bool allow_file)
{
    bool secure = strncasecmp(url, "https:", 6) == 0;
#if LIBCURL_VERSION_NUM >= 0x075500
    aq_curl.curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, allow_file ? "http,https,file" : "http,https");
    aq_curl.curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
#else
    long web = CURLPROTO_HTTP | CURLPROTO_HTTPS;
    aq_curl.curl_easy_setopt(easy, CURLOPT_PROTOCOLS, allow_file ? web | CURLPROTO_FILE : web);
    aq_curl.curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, secure ? (long)CURLPROTO_HTTPS : web);
#endif
}

static void set_security(CURL *easy)
{
    const char *authorities = getenv("SSL_CERT_FILE");
    aq_curl.curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    aq_curl.curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    aq_curl.curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (authorities != NULL && authorities[0] != '\0')
        aq_curl.curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
}

CURL *aq_curl_new(const char *url, bool allow_file, struct aq_error *err)
{
    if (aq_library_load(&aq_curl_library, err) < 0)
        return NULL;
    pthread_once(&once, init_global);
    if (global_result != CURLE_OK) {
        aq_fail(err, AQ_E_FAILED, "libcurl cannot start");
        return NULL;
    }
    CURL *easy = aq_curl.curl_easy_init();
    if (easy == NULL)
        aq_panic("out of memory");
    aq_curl.curl_easy_setopt(easy, CURLOPT_URL, url);
    aq_curl.curl_easy_setopt(easy, CURLOPT_USERAGENT, "address-qemu/" AQ_VERSION);
    aq_curl.curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    aq_curl.curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    aq_curl.curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    aq_curl.curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    aq_curl.curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    set_protocols(easy, url, allow_file);
    set_security(easy);
    return easy;
}

/* libcurl tells which events of a socket it waits for. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *unused)
{
    (void)easy, (void)unused;
    struct drive *drive = data;
    unsigned i = 0;
    while (i < drive->count && drive->fds[i].fd != socket)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < drive->count)
            drive->fds[i] = drive->fds[--drive->count];
        return 0;
    }
    if (i == drive->count) {
        if (drive->count == SOCKETS_MAX)
            return -1;
        drive->fds[drive->count++].fd = socket;
    }
    drive->fds[i].events =
        (short)(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *data)
{
    (void)multi;
    ((struct drive *)data)->timer = aq_after_ms(milliseconds);
    return 0;
}

/* Tells libcurl what has become of its descriptors and its moment. */
static CURLMcode act(struct drive *drive, int *running)
{
    struct pollfd ready[SOCKETS_MAX];
    unsigned count = drive->count;
    memcpy(ready, drive->fds, sizeof ready); /* the list changes while it is gone through */
    CURLMcode code = CURLM_OK;
    if (aq_ms_left(drive->timer) == 0) {
        drive->timer = AQ_FOREVER;
        code = aq_curl.curl_multi_socket_action(drive->multi, CURL_SOCKET_TIMEOUT, 0, running);
    }
    for (unsigned i = 0; i < count && code == CURLM_OK; i++) {
        int events = ((ready[i].revents & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                     ((ready[i].revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((ready[i].revents & (POLLERR | POLLNVAL)) != 0 ? CURL_CSELECT_ERR : 0);
        if (events != 0)
            code = aq_curl.curl_multi_socket_action(drive->multi, ready[i].fd, events, running);
        drive->fds[i].revents = 0;
    }
    return code;
}

static CURLcode result_of(const struct drive *drive)
{
    int left;
    CURLMsg *message;
    while ((message = aq_curl.curl_multi_info_read(drive->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            return message->data.result;
    return CURLE_GOT_NOTHING;
}

static int go(struct drive *drive, const aq_deadline *give_up, CURLcode *result, struct aq_error *err)
{
    int running = 1;
    CURLMcode code = aq_curl.curl_multi_socket_action(drive->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    while (code == CURLM_OK && running > 0) {
        aq_deadline until = drive->timer < *give_up ? drive->timer : *give_up;
        if (aq_poll(drive->fds, drive->count, until, err) < 0)
            return -1;
        if (aq_ms_left(*give_up) == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "nothing came in time");
        code = act(drive, &running);
    }
    if (code != CURLM_OK)
        return aq_fail(err, AQ_E_DOWNLOAD_FAILED, "libcurl: %s", aq_curl.curl_multi_strerror(code));
    *result = result_of(drive);
    return 0;
}

int aq_curl_run(CURL *easy, const aq_deadline *give_up, CURLcode *result, struct aq_error *err)
{
    struct drive drive = {.multi = aq_curl.curl_multi_init(), .timer = AQ_FOREVER};
    if (drive.multi == NULL)
        aq_panic("out of memory");
    aq_curl.curl_multi_setopt(drive.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    aq_curl.curl_multi_setopt(drive.multi, CURLMOPT_SOCKETDATA, &drive);
    aq_curl.curl_multi_setopt(drive.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    aq_curl.curl_multi_setopt(drive.multi, CURLMOPT_TIMERDATA, &drive);
    aq_curl.curl_multi_add_handle(drive.multi, easy);
    int done = go(&drive, give_up, result, err);
    aq_curl.curl_multi_remove_handle(drive.multi, easy);
    aq_curl.curl_multi_cleanup(drive.multi);
    return done;
}
