/* SPDX-License-Identifier: MIT */
#include "guest/ssh_proxy.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/channel.h"
#include "util/cleanup.h"
#include "util/process.h"

enum { WORDS_SHOWN = 200 };

struct aq_ssh_proxy {
    struct aq_process_id id;
    char *command; /* for messages */
    int said;      /* what it writes on standard error: memory, so that it never waits for a reader */
};

static char *join(const struct aq_strings *words)
{
    aq_autobuffer struct aq_buffer all = {0};
    aq_buffer_room(&all, 1);
    for (size_t i = 0; i < words->count; i++)
        aq_buffer_format(&all, "%s%s", i > 0 ? " " : "", words->items[i]);
    return aq_strdup(aq_buffer_text(&all));
}

static int start(struct aq_ssh_proxy *proxy, const struct aq_strings *words, int theirs, struct aq_error *err)
{
    static const char *const environment[] = {"SSH_ASKPASS_REQUIRE=never", NULL};
    aq_autofree const char **argv = aq_alloc((words->count + 1) * sizeof *argv);
    for (size_t i = 0; i < words->count; i++)
        argv[i] = words->items[i];
    proxy->said = memfd_create("ssh-proxy", MFD_CLOEXEC);
    if (proxy->said < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot start %s", argv[0]);
    return aq_process_tie_stream(argv, environment, theirs, proxy->said, &proxy->id, err);
}

struct aq_ssh_proxy *aq_ssh_proxy_open(const struct aq_strings *words, int *connection, struct aq_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        aq_fail_errno(err, AQ_E_IO, errno, "cannot make a connection through %s", words->items[0]);
        return NULL;
    }
    aq_autoclose int ours = ends[0], theirs = ends[1];
    struct aq_ssh_proxy *proxy = aq_alloc(sizeof *proxy);
    *proxy = (struct aq_ssh_proxy){.said = -1, .command = join(words)};
    if (start(proxy, words, theirs, err) < 0) {
        aq_ssh_proxy_close(proxy);
        return NULL;
    }
    *connection = aq_steal_fd(&ours);
    return proxy;
}

/* The last line of what it has said. */
static const char *last_words(const struct aq_ssh_proxy *proxy, char shown[256])
{
    char text[1024];
    off_t length = lseek(proxy->said, 0, SEEK_END);
    off_t from = length > (off_t)sizeof text ? length - (off_t)sizeof text : 0;
    ssize_t got = pread(proxy->said, text, sizeof text, from);
    while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == '\r'))
        got--;
    const char *line = got > 0 ? memrchr(text, '\n', (size_t)got) : NULL;
    line = line != NULL ? line + 1 : text;
    return got > 0 ? aq_guest_printable(line, (size_t)(text + got - line), shown) : "nothing";
}

int aq_ssh_proxy_fail(const struct aq_ssh_proxy *proxy, struct aq_error *err)
{
    char shown[256];
    return aq_fail(err, AQ_E_SSH_UNREACHABLE, "no SSH server came through `%.*s`, which said: %s",
                   WORDS_SHOWN, proxy->command, last_words(proxy, shown));
}

void aq_ssh_proxy_close(struct aq_ssh_proxy *proxy)
{
    if (proxy == NULL)
        return;
    if (proxy->id.pid > 0) {
        kill(-proxy->id.pid, SIGTERM); /* the group of its session: an ssh of its own too */
        kill(proxy->id.pid, SIGKILL);
        while (waitpid(proxy->id.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    aq_cleanup_close(&proxy->said);
    free(proxy->command);
    free(proxy);
}
