/* SPDX-License-Identifier: MIT */
/* For guest/helper_channel.c: fs_freeze and fs_thaw of aq_channel_ops. */
#ifndef AQ_GUEST_HELPER_FS_FREEZE_H
#define AQ_GUEST_HELPER_FS_FREEZE_H

#include "guest/channel_ops.h"

int aq_helper_fs_freeze(struct aq_channel *channel, unsigned patience_ms, aq_deadline deadline,
                        struct aq_error *err);
int aq_helper_fs_thaw(struct aq_channel *channel, aq_deadline deadline, bool *held, struct aq_error *err);

#endif
