/* SPDX-License-Identifier: MIT */
/* The functions of libguestfs that are used, looked up when the first appliance is wanted (util/library.h).
 */
#ifndef AQ_OFFLINE_GUESTFS_LIBRARY_H
#define AQ_OFFLINE_GUESTFS_LIBRARY_H

#include <guestfs.h>

#include "util/library.h"

#define GUESTFS_FUNCTIONS(X)                                                                                 \
    X(guestfs_create_flags)                                                                                  \
    X(guestfs_close)                                                                                         \
    X(guestfs_last_error)                                                                                    \
    X(guestfs_set_error_handler)                                                                             \
    X(guestfs_set_autosync)                                                                                  \
    X(guestfs_set_cachedir)                                                                                  \
    X(guestfs_set_backend)                                                                                   \
    X(guestfs_set_backend_setting)                                                                           \
    X(guestfs_set_hv)                                                                                        \
    X(guestfs_set_memsize)                                                                                   \
    X(guestfs_set_smp)                                                                                       \
    X(guestfs_set_network)                                                                                   \
    X(guestfs_set_pgroup)                                                                                    \
    X(guestfs_set_recovery_proc)                                                                             \
    X(guestfs_set_tmpdir)                                                                                    \
    X(guestfs_get_cachedir)                                                                                  \
    X(guestfs_add_drive_scratch)                                                                             \
    X(guestfs_add_drive_opts)                                                                                \
    X(guestfs_launch)                                                                                        \
    X(guestfs_debug)                                                                                         \
    X(guestfs_debug_upload)                                                                                  \
    X(guestfs_inspect_os)                                                                                    \
    X(guestfs_inspect_get_type)                                                                              \
    X(guestfs_inspect_get_mountpoints)                                                                       \
    X(guestfs_mount_options)

AQ_LIBRARY_DECLARE(aq_guestfs, GUESTFS_FUNCTIONS);

#endif
