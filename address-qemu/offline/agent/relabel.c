/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"

#define CONFIG_MAX 65536

/* A line SELINUX=enforcing or SELINUX=permissive (selinux_config(5)). */
static bool uses_selinux(int root)
{
    size_t length = 0;
    char *text = aq_root_read(root, "/etc/selinux/config", CONFIG_MAX, &length);
    bool uses = false;
    for (char *line = text; line != NULL && line < text + length && !uses;) {
        char *end = memchr(line, '\n', (size_t)(text + length - line));
        size_t size = (size_t)((end != NULL ? end : text + length) - line);
        uses = (size >= 17 && strncmp(line, "SELINUX=enforcing", 17) == 0) ||
               (size >= 18 && strncmp(line, "SELINUX=permissive", 18) == 0);
        line = end != NULL ? end + 1 : NULL;
    }
    free(text);
    return uses;
}

int aq_agent_relabel(int argc, char **argv)
{
    (void)argc, (void)argv;
    int root = aq_root_open();
    if (root < 0)
        return aq_agent_complain(errno, "cannot open the image's tree");
    if (!uses_selinux(root))
        return 0;
    int fd = aq_root_at(root, "/.autorelabel", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0)
        return aq_agent_complain(errno, "cannot make /.autorelabel");
    close(fd);
    puts("relabel");
    return 0;
}
