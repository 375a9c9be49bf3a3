/* SPDX-License-Identifier: MIT */
/* The verbs, in the order of the reference page. A new verb is a file of its own here and a line in this
 * list. */
#ifndef AQ_VERBS_VERBS_H
#define AQ_VERBS_VERBS_H

#include "command/verb.h"

#define AQ_VERBS(X)                                                                                          \
    X(create_base)                                                                                           \
    X(register_base)                                                                                         \
    X(import)                                                                                                \
    X(download_iso)                                                                                          \
    X(list_bases)                                                                                            \
    X(inspect_base)                                                                                          \
    X(plan)                                                                                                  \
    X(modify)                                                                                                \
    X(history)                                                                                               \
    X(rollback)                                                                                              \
    X(diff)                                                                                                  \
    X(verify_layers)                                                                                         \
    X(remove_base)                                                                                           \
    X(create_template)                                                                                       \
    X(list_templates)                                                                                        \
    X(inspect_template)                                                                                      \
    X(remove_template)                                                                                       \
    X(pool)                                                                                                  \
    X(clone)                                                                                                 \
    X(create)                                                                                                \
    X(fork)                                                                                                  \
    X(list)                                                                                                  \
    X(status)                                                                                                \
    X(inspect)                                                                                               \
    X(start)                                                                                                 \
    X(start_if_stopped)                                                                                      \
    X(stop)                                                                                                  \
    X(stop_if_running)                                                                                       \
    X(restart)                                                                                               \
    X(pause)                                                                                                 \
    X(resume)                                                                                                \
    X(save_state)                                                                                            \
    X(restore_state)                                                                                         \
    X(rename)                                                                                                \
    X(attach_iso)                                                                                            \
    X(detach_iso)                                                                                            \
    X(resize)                                                                                                \
    X(remove)                                                                                                \
    X(cleanup)                                                                                               \
    X(wait)                                                                                                  \
    X(logs)                                                                                                  \
    X(forward)                                                                                               \
    X(unforward)                                                                                             \
    X(ports)                                                                                                 \
    X(egress)                                                                                                \
    X(configure_network)                                                                                     \
    X(snapshot)                                                                                              \
    X(restore)                                                                                               \
    X(list_snapshots)                                                                                        \
    X(remove_snapshot)                                                                                       \
    X(tree)                                                                                                  \
    X(flatten)                                                                                               \
    X(commit)                                                                                                \
    X(prune)                                                                                                 \
    X(provision)                                                                                             \
    X(execute)                                                                                               \
    X(execute_rexx)                                                                                          \
    X(deploy_rexx)                                                                                           \
    X(checkpoint_status)                                                                                     \
    X(checkpoint_answer)                                                                                     \
    X(copy_to)                                                                                               \
    X(copy_from)                                                                                             \
    X(configure_health_check)                                                                                \
    X(start_monitoring)                                                                                      \
    X(stop_monitoring)                                                                                       \
    X(health_status)                                                                                         \
    X(install_guest_agent)                                                                                   \
    X(configure_serial)                                                                                      \
    X(configure_ssh)                                                                                         \
    X(ssh_config)                                                                                            \
    X(process_stats)                                                                                         \
    X(list_ostypes)                                                                                          \
    X(setup_permissions)                                                                                     \
    X(security_audit)                                                                                        \
    X(policy)                                                                                                \
    X(verify_host)                                                                                           \
    X(help)                                                                                                  \
    X(ping)

#endif
