/* SPDX-License-Identifier: MIT */
#include "util/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

void aq_standard_streams_take(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/", O_PATH); /* the lowest number that is free: this one */
}
