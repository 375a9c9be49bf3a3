/* SPDX-License-Identifier: MIT */
#include "guest/ssh_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/channel.h"

/* libssh takes a file that is not there for an empty one. */
static int read_configuration(ssh_session session, struct aq_error *err)
{
    const char *chosen = secure_getenv("ADDRESS_QEMU_SSH_CONFIG");
    if (chosen != NULL && chosen[0] == '\0')
        chosen = NULL;
    if (chosen != NULL && access(chosen, R_OK) < 0)
        return aq_fail_errno(err, AQ_E_FILE_NOT_FOUND, errno,
                             "ADDRESS_QEMU_SSH_CONFIG names %s, which cannot be read", chosen);
    return aq_ssh.ssh_options_parse_config(session, chosen) == 0
               ? 0
               : aq_fail(err, AQ_E_VALUE_INVALID, "your configuration for ssh cannot be read: %s",
                         aq_ssh.ssh_get_error(session));
}

int aq_ssh_user_configure(ssh_session session, const struct aq_ssh_target *target, struct aq_error *err)
{
    unsigned port = target->address.port;
    char *proxy = NULL;
    aq_ssh.ssh_options_set(session, SSH_OPTIONS_HOST, target->address.host);
    if (read_configuration(session, err) < 0)
        return -1;
    if (aq_ssh.ssh_options_get(session, SSH_OPTIONS_PROXYCOMMAND, &proxy) == 0) {
        aq_ssh.ssh_string_free_char(proxy);
        return aq_fail(
            err, AQ_E_NOT_SUPPORTED,
            "your configuration for ssh leads to %s through another program or host (ProxyCommand, "
            "ProxyJump), which is not done here; `ssh %s rexx --stdin <FILE` is",
            target->name, target->name);
    }
    if (target->user != NULL)
        aq_ssh.ssh_options_set(session, SSH_OPTIONS_USER, target->user);
    if (port != 0)
        aq_ssh.ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    return 0;
}

struct aq_ssh_dial *aq_ssh_user_dial(ssh_session session, const struct aq_ssh_target *target)
{
    struct aq_ssh_address address = target->address;
    unsigned port = address.port;
    char *host = NULL;
    if (aq_ssh.ssh_options_get(session, SSH_OPTIONS_HOST, &host) == 0)
        address.host = host;
    aq_ssh.ssh_options_get_port(session, &port);
    address.port = (uint16_t)port;
    struct aq_ssh_dial *dial = aq_ssh_dial_open(&address);
    aq_ssh.ssh_string_free_char(host);
    return dial;
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
