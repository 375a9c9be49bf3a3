/* SPDX-License-Identifier: MIT */
#include "guest/server/ports.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/guest_ports.h"

#define CLASS_FOLDER "/sys/class/virtio-ports"
#define LINK_FOLDER "/dev/virtio-ports"

static bool read_attribute(const char *device, const char *attribute, char *text, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, CLASS_FOLDER "/%s/%s", device, attribute);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Makes the node where neither udev nor devtmpfs has. */
static void make_node(const char *device, const char *node)
{
    char text[64];
    unsigned major_number;
    unsigned minor_number;
    if (access(node, F_OK) == 0 || !read_attribute(device, "dev", text, sizeof text) ||
        sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
        return;
    mknod(node, S_IFCHR | 0600, makedev(major_number, minor_number));
}

static size_t find_by_class(DIR *folder, struct aq_port_name ports[AQ_PORTS_MAX])
{
    size_t count = 0;
    for (const struct dirent *entry; count < AQ_PORTS_MAX && (entry = readdir(folder)) != NULL;) {
        char name[128];
        if (strncmp(entry->d_name, "vport", 5) != 0 || strlen(entry->d_name) > 32 ||
            !read_attribute(entry->d_name, "name", name, sizeof name) ||
            strncmp(name, AQ_HELPER_PORT, strlen(AQ_HELPER_PORT)) != 0)
            continue;
        snprintf(ports[count].device, sizeof ports[count].device, "/dev/%.32s", entry->d_name);
        make_node(entry->d_name, ports[count].device);
        count++;
    }
    return count;
}

static size_t find_by_link(DIR *folder, struct aq_port_name ports[AQ_PORTS_MAX])
{
    size_t count = 0;
    for (const struct dirent *entry; count < AQ_PORTS_MAX && (entry = readdir(folder)) != NULL;)
        if (strncmp(entry->d_name, AQ_HELPER_PORT, strlen(AQ_HELPER_PORT)) == 0 && strlen(entry->d_name) < 40)
            snprintf(ports[count++].device, sizeof ports[0].device, LINK_FOLDER "/%.40s", entry->d_name);
    return count;
}

size_t aq_ports_find(struct aq_port_name ports[AQ_PORTS_MAX])
{
    DIR *folder = opendir(CLASS_FOLDER);
    bool by_class = folder != NULL;
    if (!by_class)
        folder = opendir(LINK_FOLDER);
    if (folder == NULL)
        return 0;
    size_t count = by_class ? find_by_class(folder, ports) : find_by_link(folder, ports);
    closedir(folder);
    return count;
}

int aq_ports_watch(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}
