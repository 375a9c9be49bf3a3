/* SPDX-License-Identifier: MIT */
#include "util/clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

const char *aq_time_text(time_t moment, char text[AQ_TIME_TEXT])
{
    struct tm parts;
    if (gmtime_r(&moment, &parts) == NULL || strftime(text, AQ_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        text[0] = '\0';
    return text;
}

const char *aq_now_text(char text[AQ_TIME_TEXT])
{
    return aq_time_text(time(NULL), text);
}

/* The kernel counts start times on the clock that goes on during suspend. */
int64_t aq_uptime_ms(uint64_t start_time)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    int64_t start_ms = (int64_t)start_time * 1000 / sysconf(_SC_CLK_TCK);
    return now_ms > start_ms ? now_ms - start_ms : 0;
}

bool aq_boot_id(char text[37])
{
    aq_autoclose int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && read(fd, text, 36) == 36;
    text[known ? 36 : 0] = '\0';
    return known;
}
