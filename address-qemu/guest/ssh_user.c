/* SPDX-License-Identifier: MIT */
#include "guest/ssh_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/channel.h"
#include "util/files.h"
#include "util/process.h"

enum { TELL_MS = 20000 };

/* The file that is used instead of the user's own ones; NULL if there is none. */
static const char *chosen_configuration(void)
{
    const char *chosen = secure_getenv("ADDRESS_QEMU_SSH_CONFIG");
    return chosen != NULL && chosen[0] != '\0' ? chosen : NULL;
}

/* libssh takes a file that is not there for an empty one. */
static int read_configuration(ssh_session session, struct aq_error *err)
{
    const char *chosen = chosen_configuration();
    if (chosen != NULL && access(chosen, R_OK) < 0)
        return aq_fail_errno(err, AQ_E_FILE_NOT_FOUND, errno,
                             "ADDRESS_QEMU_SSH_CONFIG names %s, which cannot be read", chosen);
    /* Newer ones would go through a ProxyJump by themselves, where nobody can wait for them. */
    setenv("OPENSSH_PROXYJUMP", "1", 1);
    return aq_ssh.ssh_options_parse_config(session, chosen) == 0
               ? 0
               : aq_fail(err, AQ_E_VALUE_INVALID, "your configuration for ssh cannot be read: %s",
                         aq_ssh.ssh_get_error(session));
}

int aq_ssh_user_configure(ssh_session session, const struct aq_ssh_target *target, struct aq_error *err)
{
    unsigned port = target->address.port;
    aq_ssh.ssh_options_set(session, SSH_OPTIONS_HOST, target->address.host);
    if (read_configuration(session, err) < 0)
        return -1;
    if (target->user != NULL)
        aq_ssh.ssh_options_set(session, SSH_OPTIONS_USER, target->user);
    if (port != 0)
        aq_ssh.ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    return 0;
}

/* --- what libssh passes over, and ssh itself tells --- */

/* What `ssh -G` prints of the host: a line for each option, its name in lower case. NULL where there is no
 * ssh. */
static int ask_ssh(const struct aq_ssh_target *target, char **told, struct aq_error *err)
{
    const char *argv[8] = {"ssh", "-G"}, *chosen = chosen_configuration();
    size_t count = 2;
    aq_autofree char *program = aq_find_program("ssh");
    aq_autofree char *file = aq_format("-F%s", chosen != NULL ? chosen : "");
    aq_autofree char *user = aq_format("-l%s", target->user != NULL ? target->user : "");
    aq_autofree char *port = aq_format("-p%u", target->address.port);
    if (program == NULL)
        return 0;
    if (chosen != NULL)
        argv[count++] = file;
    if (target->user != NULL)
        argv[count++] = user;
    if (target->address.port != 0)
        argv[count++] = port;
    argv[count++] = "--";
    argv[count] = target->address.host;
    const struct aq_process process = {.argv = argv, .deadline = aq_after_ms(TELL_MS)};
    struct aq_process_result result = {0};
    struct aq_error why = {0};
    int done = aq_process_check(&process, &result, &why);
    if (done == 0)
        *told = aq_strdup(aq_buffer_text(&result.output));
    else
        aq_fail(err, why.code == AQ_E_TOOL_FAILED ? AQ_E_VALUE_INVALID : why.code,
                "your configuration for ssh cannot be read: %s", why.text);
    aq_process_result_free(&result);
    return done;
}

/* The value of an option in that, to be freed; NULL if it is not set. */
static char *find_option(const char *told, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = told; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return aq_strndup(line + length + 1, strcspn(line + length + 1, "\n"));
    }
    return NULL;
}

/* The name that known_hosts has the host under, whatever its port; it is not looked for under that any more.
 */
static void take_alias(ssh_session session, const char *told)
{
    static const unsigned no_port = 22;
    aq_autofree char *alias = find_option(told, "hostkeyalias");
    if (alias == NULL)
        return;
    aq_ssh.ssh_options_set(session, SSH_OPTIONS_HOST, alias);
    aq_ssh.ssh_options_set(session, SSH_OPTIONS_PORT, &no_port);
}

/* --- where the server is --- */

static char *get_option(ssh_session session, enum ssh_options_e option)
{
    char *value = NULL;
    return aq_ssh.ssh_options_get(session, option, &value) == 0 ? value : NULL;
}

static bool is_set(const char *told, const char *name)
{
    aq_autofree char *value = find_option(told, name);
    return value != NULL && strcmp(value, "yes") == 0;
}

/* The words of the program that leads there. */
static int read_command(ssh_session session, const char *command, const struct aq_ssh_target *target,
                        const struct aq_ssh_address *address, struct aq_strings *words, struct aq_error *err)
{
    char *user = get_option(session, SSH_OPTIONS_USER);
    const struct aq_ssh_proxy_names names = {.host = address->host,
                                             .typed = target->address.host,
                                             .user = user != NULL ? user : "",
                                             .port = address->port};
    int done = aq_ssh_proxy_words(command, &names, chosen_configuration(), words, err);
    aq_ssh.ssh_string_free_char(user);
    return done;
}

static struct aq_ssh_dial *dial(ssh_session session, const struct aq_ssh_target *target,
                                const struct aq_ssh_address *address, const char *told,
                                struct aq_ssh_proxy **proxy, struct aq_error *err)
{
    int connection = -1;
    aq_autostrings struct aq_strings words = {0};
    char *command = get_option(session, SSH_OPTIONS_PROXYCOMMAND);
    if (command == NULL)
        return aq_ssh_dial_open(address);
    int known = read_command(session, command, target, address, &words, err);
    aq_ssh.ssh_string_free_char(command);
    if (known < 0)
        return NULL;
    if (is_set(told, "proxyusefdpass")) {
        aq_fail(err, AQ_E_NOT_SUPPORTED,
                "your configuration for ssh has ProxyUseFdpass for %s, which is not done here", target->name);
        return NULL;
    }
    aq_ssh.ssh_options_set(session, SSH_OPTIONS_PROXYCOMMAND, "none"); /* it is ours to run */
    *proxy = aq_ssh_proxy_open(&words, &connection, err);
    return *proxy != NULL ? aq_ssh_dial_through(address, connection) : NULL;
}

struct aq_ssh_dial *aq_ssh_user_dial(ssh_session session, const struct aq_ssh_target *target,
                                     struct aq_ssh_proxy **proxy, struct aq_error *err)
{
    unsigned port = 0;
    aq_autofree char *told = NULL;
    if (ask_ssh(target, &told, err) < 0)
        return NULL;
    char *host = get_option(session, SSH_OPTIONS_HOST);
    struct aq_ssh_address address = target->address;
    aq_ssh.ssh_options_get_port(session, &port);
    address.port = (uint16_t)port;
    if (host != NULL)
        address.host = host;
    struct aq_ssh_dial *begun = dial(session, target, &address, told, proxy, err);
    aq_ssh.ssh_string_free_char(host);
    take_alias(session, told);
    return begun;
}

int aq_ssh_user_judge(ssh_session session, const struct aq_ssh_target *target, const char *host_key,
                      struct aq_error *err)
{
    char shown[AQ_SSH_FINGERPRINT], text[256];
    const char *name = target->name, *words;
    aq_ssh_pin_fingerprint(host_key, shown);
    switch (aq_ssh.ssh_session_is_known_server(session)) {
    case SSH_KNOWN_HOSTS_OK:
        return 0;
    case SSH_KNOWN_HOSTS_NOT_FOUND:
    case SSH_KNOWN_HOSTS_UNKNOWN:
        return aq_fail(
            err, AQ_E_SSH_HOST_KEY_UNKNOWN,
            "%s is not in your known_hosts; it shows the host key %s. If that is the right one, let "
            "`ssh %s` take it in",
            name, shown, name);
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
        return aq_fail(
            err, AQ_E_SSH_HOST_KEY_CHANGED,
            "the host key of %s is %s, which is not the one in your known_hosts: either someone is in "
            "between, or its keys were made anew. Nothing was said to it",
            name, shown);
    default:
        words = aq_ssh.ssh_get_error(session);
        return aq_fail(err, AQ_E_SSH_HOST_KEY_UNKNOWN, "your known_hosts cannot be read: %s",
                       aq_guest_printable(words, strlen(words), text));
    }
}

int aq_ssh_user_refused(const struct aq_ssh_target *target, struct aq_error *err)
{
    return aq_fail(err, AQ_E_SSH_KEY_REFUSED,
                   "%s takes none of your keys: neither those of your ssh-agent nor those in files without a "
                   "passphrase",
                   target->name);
}
