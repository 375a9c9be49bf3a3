/* SPDX-License-Identifier: MIT */
/* What every channel into a guest has to do alike when it brings a file there. */
#ifndef AQ_TEST_PUT_H
#define AQ_TEST_PUT_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "guest/channel.h"
#include "test.h"
#include "util/cleanup.h"

/* Of a file that has no size, says stat, how much was sent is told all the same. The "guest" is this machine;
   the file becomes `version` in `folder`, which is the present one. */
static inline void check_says_how_much_was_sent(struct aq_channel *channel, const char *folder)
{
    struct aq_error err = {0};
    struct stat status;
    uint64_t sent = 0;
    char path[3100];
    aq_autoclose int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/version", folder);
    assert_ok(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = path, .sent = &sent}, &err));
    assert_int_equal(stat("version", &status), 0);
    assert_true(sent > 0);
    assert_int_equal(sent, status.st_size);
}

#endif
