/* SPDX-License-Identifier: MIT */
/* One name of a tree as ext4/list.c and agent/list.c print it: mode with type, uid, gid, size (0 for
 * folders), mtime and ctime (nanoseconds since the Epoch), then the path, a NUL, where a link leads ("" for
 * what is none), a NUL. */
#ifndef AQ_OFFLINE_LIST_FORMAT_H
#define AQ_OFFLINE_LIST_FORMAT_H

#define AQ_LIST_FORMAT "%o %u %u %llu %lld %lld "

#endif
