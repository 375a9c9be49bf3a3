/* SPDX-License-Identifier: MIT */
#include "guest/package_manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

const char aq_distribution_probe[] =
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null\n"
    "echo\n"
    "if [ -d /run/systemd/system ]; then echo INIT=systemd\n"
    "elif command -v rc-service >/dev/null; then echo INIT=openrc; fi\n"
    "echo UID=$(id -u)\n";

enum { APT, DNF, YUM, APK, ZYPPER, PACMAN, MANAGERS };

static const struct aq_package_manager managers[MANAGERS] = {
    [APT] = {"apt", WORDS("DEBIAN_FRONTEND=noninteractive"),
             WORDS("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update"),
             WORDS("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends",
                   "install"),
             WORDS("dpkg", "-i")},
    [DNF] = {"dnf", NULL, NULL, WORDS("dnf", "-y", "install"), WORDS("rpm", "-U", "--replacepkgs")},
    [YUM] = {"yum", NULL, NULL, WORDS("yum", "-y", "install"), WORDS("rpm", "-U", "--replacepkgs")},
    [APK] = {"apk", NULL, NULL, WORDS("apk", "add", "--no-cache"), WORDS("apk", "add", "--allow-untrusted")},
    [ZYPPER] = {"zypper", NULL, NULL, WORDS("zypper", "--non-interactive", "install"),
                WORDS("rpm", "-U", "--replacepkgs")},
    [PACMAN] = {"pacman", NULL, NULL, WORDS("pacman", "-Sy", "--noconfirm", "--needed"),
                WORDS("pacman", "-U", "--noconfirm", "--needed")},
};

/* By the names that distributions give themselves, or say that they are like. */
static const struct {
    const char *id;
    int manager;
} families[] = {
    {"debian", APT},
    {"ubuntu", APT},
    {"raspbian", APT},
    {"fedora", DNF},
    {"rhel", DNF},
    {"centos", DNF},
    {"rocky", DNF},
    {"almalinux", DNF},
    {"ol", DNF},
    {"amzn", DNF},
    {"alpine", APK},
    {"opensuse", ZYPPER},
    {"suse", ZYPPER},
    {"sles", ZYPPER},
    {"opensuse-leap", ZYPPER},
    {"arch", PACMAN},
    {"archlinux", PACMAN},
    {"manjaro", PACMAN},
    {"opensuse-tumbleweed", ZYPPER},
};

static void keep(const char *line, size_t length, const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key);
    if (length <= key_length || memcmp(line, key, key_length) != 0 || line[key_length] != '=')
        return;
    const char *from = line + key_length + 1, *end = line + length;
    if (end - from >= 2 && (*from == '"' || *from == '\'') && end[-1] == *from) {
        from++;
        end--;
    }
    size_t used = 0;
    for (; from < end && used + 1 < size; from++)
        value[used++] = *from >= ' ' && *from < 127 ? *from : '?';
    value[used] = '\0';
}

void aq_distribution_parse(const char *text, struct aq_distribution *distribution)
{
    *distribution = (struct aq_distribution){0};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        keep(text, length, "ID", distribution->id, sizeof distribution->id);
        keep(text, length, "ID_LIKE", distribution->like, sizeof distribution->like);
        keep(text, length, "VERSION_ID", distribution->version, sizeof distribution->version);
        keep(text, length, "PRETTY_NAME", distribution->name, sizeof distribution->name);
        keep(text, length, "INIT", distribution->init, sizeof distribution->init);
        keep(text, length, "UID", distribution->user, sizeof distribution->user);
        text += length + (text[length] == '\n');
    }
    if (distribution->name[0] == '\0')
        snprintf(distribution->name, sizeof distribution->name, "%s", distribution->id);
}

static int manager_of(const char *id, size_t length)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strlen(families[i].id) == length && memcmp(families[i].id, id, length) == 0)
            return families[i].manager;
    return -1;
}

const struct aq_package_manager *aq_package_manager_of(const struct aq_distribution *distribution)
{
    int found = manager_of(distribution->id, strlen(distribution->id));
    for (const char *word = distribution->like; found < 0 && *word != '\0';) {
        size_t length = strcspn(word, " ");
        found = manager_of(word, length);
        word += length + (word[length] == ' ');
    }
    if (found < 0)
        return NULL;
    /* dnf came with release 8 of that family, and with Amazon's of 2023; Fedora counts otherwise. */
    int release = atoi(distribution->version);
    if (found == DNF && strcmp(distribution->id, "fedora") != 0 && release > 0 && release < 8)
        found = YUM;
    return &managers[found];
}

#define SERVICE "qemu-guest-agent"

/* The port was there before the package's rules for it. */
static const char *const *const with_systemd[] = {
    WORDS("udevadm", "control", "--reload"),
    WORDS("udevadm", "trigger", "--action=add", "--settle", "--subsystem-match=virtio-ports"),
    WORDS("systemctl", "daemon-reload"),
    WORDS("systemctl", "enable", SERVICE ".service"),
    WORDS("systemctl", "start", SERVICE ".service"),
    NULL,
};
static const char *const *const with_openrc[] = {
    WORDS("rc-update", "add", SERVICE, "default"),
    WORDS("rc-service", SERVICE, "start"),
    NULL,
};
static const char *const *const with_none[] = {NULL};
const char *const *const *aq_service_commands(const struct aq_distribution *distribution)
{
    if (strcmp(distribution->init, "systemd") == 0)
        return with_systemd;
    return strcmp(distribution->init, "openrc") == 0 ? with_openrc : with_none;
}
