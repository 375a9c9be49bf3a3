/* SPDX-License-Identifier: MIT */
#include "guest/ssh_link.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "guest/channel.h"
#include "guest/ssh_key.h"
#include "guest/ssh_user.h"
#include "util/wait.h"

enum {
    PING_AFTER_MS = 5000, /* of silence; the answer is the sign of life */
    ANSWER_MS = 20000,
    TICK_MS = 1000,
};

enum state { DIALLING, AGREEING, AUTHENTICATING, READY, LOST };

struct aq_ssh_link {
    const struct aq_ssh_target *target;
    enum state state;
    int epoll;
    struct aq_ssh_dial *dial;   /* while DIALLING */
    struct aq_ssh_proxy *proxy; /* the program that leads there, if there is one */
    ssh_session session;
    ssh_event event;   /* pumps it, once it is READY */
    int socket;        /* libssh's own once it has been given to it; -1 before */
    bool wants_output; /* whether the epoll waits for room in the socket too */
    ssh_key key;
    char *host_key;
    struct ssh_counter_struct counter;
    uint64_t heard; /* bytes that had come when it was last looked */
    aq_deadline heard_at, asked_at;
    aq_deadline asked_since; /* the first question that has no answer yet; 0: there is none */
};

/* What the server asks of us (channels, forwardings) is denied at once, so that nothing piles up. */
static int deny(ssh_session session, ssh_message message, void *data)
{
    (void)session, (void)message, (void)data;
    return 1;
}

static void set_option(ssh_session session, enum ssh_options_e option, const char *value)
{
    aq_ssh.ssh_options_set(session, option, value);
}

/* Nothing of what the user has configured for ssh applies to VMs. */
static void isolate(const struct aq_ssh_link *link)
{
    static const bool no = false;
    const struct aq_ssh_target *target = link->target;
    aq_autofree char *algorithms = aq_ssh_pins_algorithms(&target->pins);
    aq_ssh.ssh_options_set(link->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    set_option(link->session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
    set_option(link->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
    set_option(link->session, SSH_OPTIONS_HOST, target->address.host);
    set_option(link->session, SSH_OPTIONS_USER, target->user);
    if (algorithms[0] != '\0')
        set_option(link->session, SSH_OPTIONS_HOSTKEYS, algorithms);
}

static int new_session(struct aq_ssh_link *link, struct aq_error *err)
{
    static const int at_once = 1;
    link->session = aq_ssh.ssh_new();
    if (link->session == NULL)
        aq_panic("libssh has no memory for a session");
    aq_ssh.ssh_set_blocking(link->session, 0);
    aq_ssh.ssh_options_set(link->session, SSH_OPTIONS_NODELAY, &at_once);
    aq_ssh.ssh_set_message_callback(link->session, deny, NULL);
    link->counter = (struct ssh_counter_struct){0};
    aq_ssh.ssh_set_counters(link->session, &link->counter, NULL);
    if (link->target->user_files)
        return aq_ssh_user_configure(link->session, link->target, err);
    isolate(link);
    return 0;
}

static void watch(struct aq_ssh_link *link, int operation, int fd, bool output)
{
    struct epoll_event event = {.events = EPOLLIN | (output ? EPOLLOUT : 0)};
    epoll_ctl(link->epoll, operation, fd, &event);
    link->wants_output = output;
}

void aq_ssh_link_close(struct aq_ssh_link *link)
{
    if (link == NULL)
        return;
    aq_ssh_dial_close(link->dial);
    if (link->event != NULL) {
        aq_ssh.ssh_event_remove_session(link->event, link->session);
        aq_ssh.ssh_event_free(link->event);
    }
    if (link->session != NULL) {
        if (link->state >= AUTHENTICATING && link->state < LOST)
            aq_ssh.ssh_disconnect(link->session);
        aq_ssh.ssh_free(link->session);
    }
    aq_ssh_proxy_close(link->proxy);
    aq_ssh.ssh_key_free(link->key);
    close(link->epoll);
    free(link->host_key);
    free(link);
}

static void cleanup_link(struct aq_ssh_link **link)
{
    aq_ssh_link_close(*link);
}

struct aq_ssh_link *aq_ssh_link_open(const struct aq_ssh_target *target, struct aq_error *err)
{
    if (aq_library_load(&aq_ssh_library, err) < 0)
        return NULL;
    ssh_key key = target->user_files ? NULL : aq_ssh_key_load(target->key_file, err);
    if (key == NULL && !target->user_files)
        return NULL;
    aq_cleanup(cleanup_link) struct aq_ssh_link *link = aq_alloc(sizeof *link);
    *link = (struct aq_ssh_link){.target = target, .key = key, .socket = -1};
    link->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (new_session(link, err) < 0)
        return NULL;
    link->dial = target->user_files ? aq_ssh_user_dial(link->session, target, &link->proxy, err)
                                    : aq_ssh_dial_open(&target->address);
    if (link->dial == NULL)
        return NULL;
    watch(link, EPOLL_CTL_ADD, aq_ssh_dial_fd(link->dial), false);
    return aq_steal_ptr(&link);
}

int aq_ssh_link_fd(const struct aq_ssh_link *link)
{
    return link->epoll;
}

bool aq_ssh_link_is_ready(const struct aq_ssh_link *link)
{
    return link->state == READY;
}

const char *aq_ssh_link_host_key(const struct aq_ssh_link *link)
{
    return link->host_key != NULL ? link->host_key : "";
}

ssh_session aq_ssh_link_session(struct aq_ssh_link *link)
{
    return link->session;
}

/* libssh's words: some of them are the server's. */
static const char *libssh_says(const struct aq_ssh_link *link, char text[256])
{
    const char *words = aq_ssh.ssh_get_error(link->session);
    return aq_guest_printable(words, strlen(words), text);
}

int aq_ssh_link_lost(struct aq_ssh_link *link, struct aq_error *err)
{
    char text[256];
    link->state = LOST;
    return aq_fail(err, AQ_E_SSH_CONNECTION_LOST, "the SSH connection to %s is lost: %s", link->target->name,
                   libssh_says(link, text));
}

/* --- the way to READY --- */

static int connect_session(struct aq_ssh_link *link, int connection)
{
    aq_ssh_dial_close(link->dial);
    link->dial = NULL;
    aq_ssh.ssh_options_set(link->session, SSH_OPTIONS_FD, &connection);
    link->socket = connection;
    watch(link, EPOLL_CTL_ADD, connection, false);
    link->state = AGREEING;
    return 1;
}

static int step_dial(struct aq_ssh_link *link, struct aq_error *err)
{
    int connection = -1;
    struct aq_error behind = {0}; /* the other program knows better */
    int state = aq_ssh_dial_step(link->dial, &connection, link->proxy != NULL ? &behind : err);
    if (state < 0 && link->proxy != NULL)
        return aq_ssh_proxy_fail(link->proxy, err);
    return state > 0 ? connect_session(link, connection) : state;
}

static int fail_to_agree(const struct aq_ssh_link *link, struct aq_error *err)
{
    char text[256];
    bool closed = strstr(aq_ssh.ssh_get_error(link->session), "Socket error") != NULL;
    return aq_fail(err, closed ? AQ_E_SSH_CONNECTION_LOST : AQ_E_SSH_PROTOCOL,
                   closed ? "the SSH server of %s has closed the connection before it was of use: %s"
                          : "no SSH connection to %s: %s",
                   link->target->name, libssh_says(link, text));
}

static int take_host_key(struct aq_ssh_link *link, struct aq_error *err)
{
    ssh_key shown = NULL;
    char *base64 = NULL;
    if (aq_ssh.ssh_get_server_publickey(link->session, &shown) == 0 &&
        aq_ssh.ssh_pki_export_pubkey_base64(shown, &base64) == 0)
        link->host_key = aq_format("%s %s", aq_ssh.ssh_key_type_to_char(aq_ssh.ssh_key_type(shown)), base64);
    aq_ssh.ssh_string_free_char(base64);
    aq_ssh.ssh_key_free(shown);
    return link->host_key != NULL
               ? 0
               : aq_fail(err, AQ_E_SSH_PROTOCOL, "%s has shown no host key", link->target->name);
}

static int judge_by_pins(const struct aq_ssh_link *link, struct aq_error *err)
{
    char shown[AQ_SSH_FINGERPRINT], wanted[AQ_SSH_FINGERPRINT];
    const struct aq_ssh_target *target = link->target;
    if (aq_strings_has(&target->pins, link->host_key))
        return 0;
    aq_ssh_pin_fingerprint(link->host_key, shown);
    if (target->pins.count == 0 && target->fingerprint[0] == '\0')
        return aq_fail(err, AQ_E_SSH_HOST_KEY_UNKNOWN, "the host key of %s is not known (it shows %s)",
                       target->name, shown);
    if (target->pins.count == 0 && strcmp(shown, target->fingerprint) == 0)
        return 0;
    return aq_fail(
        err, AQ_E_SSH_HOST_KEY_CHANGED,
        "the host key of %s is %s, but should be %s: either someone is in between, or its keys were made "
        "anew. Nothing was said to it",
        target->name, shown,
        target->pins.count > 0 ? aq_ssh_pin_fingerprint(target->pins.items[0], wanted) : target->fingerprint);
}

static int step_agree(struct aq_ssh_link *link, struct aq_error *err)
{
    int state = aq_ssh.ssh_connect(link->session);
    if (state == SSH_AGAIN)
        return 0;
    if (state != SSH_OK)
        return fail_to_agree(link, err);
    if (take_host_key(link, err) < 0 ||
        (link->target->user_files ? aq_ssh_user_judge(link->session, link->target, link->host_key, err)
                                  : judge_by_pins(link, err)) < 0)
        return -1;
    link->state = AUTHENTICATING;
    return 1;
}

static int fail_refused(const struct aq_ssh_link *link, struct aq_error *err)
{
    if (link->target->user_files)
        return aq_ssh_user_refused(link->target, err);
    int methods = aq_ssh.ssh_userauth_list(link->session, NULL);
    return aq_fail(err, AQ_E_SSH_KEY_REFUSED, "%s does not let the user %s in with the key %s%s",
                   link->target->name, link->target->user, link->target->key_file,
                   (methods & SSH_AUTH_METHOD_PUBLICKEY) != 0 ? "" : ", nor with any other key");
}

static int step_authenticate(struct aq_ssh_link *link, struct aq_error *err)
{
    switch (link->target->user_files ? aq_ssh.ssh_userauth_publickey_auto(link->session, NULL, NULL)
                                     : aq_ssh.ssh_userauth_publickey(link->session, NULL, link->key)) {
    case SSH_AUTH_AGAIN:
        return 0;
    case SSH_AUTH_SUCCESS:
        link->state = READY;
        link->heard_at = aq_now();
        link->event = aq_ssh.ssh_event_new();
        aq_ssh.ssh_event_add_session(link->event, link->session);
        return 1;
    case SSH_AUTH_ERROR:
        return aq_ssh_link_lost(link, err);
    default:
        return fail_refused(link, err);
    }
}

/* A server that has gone meanwhile is told from one that is silent without saying anything to it. */
static int step_ready(struct aq_ssh_link *link, struct aq_error *err)
{
    char byte;
    ssize_t got = recv(link->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got != 0)
        return 1;
    link->state = LOST;
    return aq_fail(err, AQ_E_SSH_CONNECTION_LOST, "%s has closed the SSH connection", link->target->name);
}

static void watch_output(struct aq_ssh_link *link)
{
    if (link->state < AGREEING || link->state == LOST)
        return;
    bool output = (aq_ssh.ssh_get_poll_flags(link->session) & SSH_WRITE_PENDING) != 0;
    if (output != link->wants_output)
        watch(link, EPOLL_CTL_MOD, link->socket, output);
}

static int step_once(struct aq_ssh_link *link, struct aq_error *err)
{
    switch (link->state) {
    case DIALLING:
        return step_dial(link, err);
    case AGREEING:
        return step_agree(link, err);
    case AUTHENTICATING:
        return step_authenticate(link, err);
    case READY:
        return step_ready(link, err);
    default:
        return aq_fail(err, AQ_E_SSH_CONNECTION_LOST, "the SSH connection to %s is lost", link->target->name);
    }
}

int aq_ssh_link_step(struct aq_ssh_link *link, struct aq_error *err)
{
    int done;
    while ((done = step_once(link, err)) > 0 && link->state != READY)
        ;
    if (done >= 0)
        watch_output(link);
    return done;
}

int aq_ssh_link_verdict(const struct aq_ssh_link *link, struct aq_error *err)
{
    if (link->state == DIALLING)
        return aq_ssh_dial_verdict(link->dial, err);
    return aq_fail(err, AQ_E_SSH_SILENT, "the SSH server of %s has answered, and then fallen silent while %s",
                   link->target->name,
                   link->state == AGREEING ? "keys were agreed on" : "the key was shown to it");
}

char *aq_ssh_see_host_key(const struct aq_ssh_target *target, aq_deadline deadline, struct aq_error *err)
{
    struct aq_ssh_target stranger = *target; /* borrowed but for what is known of it */
    stranger.pins = (struct aq_strings){0};
    stranger.fingerprint[0] = '\0';
    aq_cleanup(cleanup_link) struct aq_ssh_link *link = aq_ssh_link_open(&stranger, err);
    while (link != NULL) {
        struct aq_error end = {0};
        if (aq_ssh_link_step(link, &end) < 0) {
            if (end.code == AQ_E_SSH_HOST_KEY_UNKNOWN)
                return aq_steal_ptr(&link->host_key);
            aq_fail(err, end.code, "%s", end.text);
            return NULL;
        }
        if (aq_ms_left(deadline) == 0) {
            aq_ssh_link_verdict(link, err);
            return NULL;
        }
        aq_deadline tick = aq_earlier(deadline, aq_after_ms(TICK_MS / 4));
        if (aq_wait_fd(link->epoll, POLLIN, tick, err) < 0)
            return NULL;
    }
    return NULL;
}

/* --- READY --- */

int aq_ssh_link_pump(struct aq_ssh_link *link, struct aq_error *err)
{
    int state = aq_ssh.ssh_event_dopoll(link->event, 0);
    if (state == SSH_AGAIN)
        return 0;
    return state == SSH_ERROR ? aq_ssh_link_lost(link, err) : 1;
}

/* Asks for a sign of life when it has been silent; -1 when none has come for long. Called when all that had
   come was taken, so that a slow taker is not mistaken for a silent server. */
static int mind_silence(struct aq_ssh_link *link, struct aq_error *err)
{
    aq_deadline now = aq_now();
    if (link->counter.in_bytes != link->heard) {
        link->heard = link->counter.in_bytes;
        link->heard_at = now;
        link->asked_since = 0;
    }
    if (link->asked_since != 0 && now - link->asked_since >= ANSWER_MS * 1000000LL) {
        link->state = LOST;
        return aq_fail(err, AQ_E_SSH_CONNECTION_LOST,
                       "the SSH connection to %s is lost: nothing has come for %d s", link->target->name,
                       (PING_AFTER_MS + ANSWER_MS) / 1000);
    }
    if (now - link->heard_at >= PING_AFTER_MS * 1000000LL &&
        now - link->asked_at >= PING_AFTER_MS * 1000000LL) {
        link->asked_at = now;
        link->asked_since = link->asked_since == 0 ? now : link->asked_since;
        aq_ssh.ssh_send_keepalive(link->session); /* takes the answer to the last one, if that has come */
        aq_ssh.ssh_send_keepalive(link->session);
    }
    return 0;
}

int aq_ssh_link_wait(struct aq_ssh_link *link, int other, short events, aq_deadline deadline,
                     struct aq_error *err)
{
    for (;;) {
        if (mind_silence(link, err) < 0)
            return -1;
        watch_output(link);
        struct pollfd polls[2] = {{.fd = link->epoll, .events = POLLIN}, {.fd = other, .events = events}};
        int ready = aq_poll(polls, 2, aq_earlier(deadline, aq_after_ms(TICK_MS)), err);
        if (ready != 0)
            return ready < 0 ? -1 : 1;
        if (aq_ms_left(deadline) == 0)
            return 0;
    }
}
