/* SPDX-License-Identifier: MIT */
/* What is used of libssh, which is loaded when the first SSH connection is wanted (util/library.h). */
#ifndef AQ_GUEST_SSH_LIBRARY_H
#define AQ_GUEST_SSH_LIBRARY_H

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include "util/library.h"

#define AQ_SSH_FUNCTIONS(X)                                                                                  \
    X(ssh_new)                                                                                               \
    X(ssh_free)                                                                                              \
    X(ssh_options_set)                                                                                       \
    X(ssh_options_get)                                                                                       \
    X(ssh_options_get_port)                                                                                  \
    X(ssh_options_parse_config)                                                                              \
    X(ssh_set_blocking)                                                                                      \
    X(ssh_set_counters)                                                                                      \
    X(ssh_set_message_callback)                                                                              \
    X(ssh_connect)                                                                                           \
    X(ssh_disconnect)                                                                                        \
    X(ssh_get_error)                                                                                         \
    X(ssh_get_fd)                                                                                            \
    X(ssh_get_poll_flags)                                                                                    \
    X(ssh_send_keepalive)                                                                                    \
    X(ssh_get_server_publickey)                                                                              \
    X(ssh_session_is_known_server)                                                                           \
    X(ssh_get_publickey_hash)                                                                                \
    X(ssh_get_fingerprint_hash)                                                                              \
    X(ssh_clean_pubkey_hash)                                                                                 \
    X(ssh_string_free_char)                                                                                  \
    X(ssh_key_free)                                                                                          \
    X(ssh_key_type)                                                                                          \
    X(ssh_key_type_to_char)                                                                                  \
    X(ssh_key_type_from_name)                                                                                \
    X(ssh_pki_generate)                                                                                      \
    X(ssh_pki_export_privkey_file)                                                                           \
    X(ssh_pki_export_privkey_to_pubkey)                                                                      \
    X(ssh_pki_export_pubkey_base64)                                                                          \
    X(ssh_pki_import_pubkey_base64)                                                                          \
    X(ssh_pki_import_privkey_file)                                                                           \
    X(ssh_userauth_publickey)                                                                                \
    X(ssh_userauth_publickey_auto)                                                                           \
    X(ssh_userauth_list)                                                                                     \
    X(ssh_event_new)                                                                                         \
    X(ssh_event_free)                                                                                        \
    X(ssh_event_add_session)                                                                                 \
    X(ssh_event_remove_session)                                                                              \
    X(ssh_event_dopoll)                                                                                      \
    X(ssh_channel_new)                                                                                       \
    X(ssh_channel_free)                                                                                      \
    X(ssh_channel_open_session)                                                                              \
    X(ssh_channel_request_exec)                                                                              \
    X(ssh_channel_write)                                                                                     \
    X(ssh_channel_window_size)                                                                               \
    X(ssh_channel_send_eof)                                                                                  \
    X(ssh_channel_close)                                                                                     \
    X(ssh_set_channel_callbacks)
AQ_LIBRARY_DECLARE(aq_ssh, AQ_SSH_FUNCTIONS);

#endif
