/* SPDX-License-Identifier: MIT */
#include "vm/host_names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "util/ip.h"

enum { NAMESERVERS = 3, LINE = 1024 };

void aq_host_nameservers(struct aq_strings *addresses)
{
    aq_autofclose FILE *file = fopen("/etc/resolv.conf", "re");
    char line[LINE], address[AQ_IP_TEXT];
    struct aq_ip ip;
    while (file != NULL && addresses->count < NAMESERVERS && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, " nameserver %45s", address) == 1 && aq_ip_parse(address, &ip))
            aq_strings_add(addresses, address);
    if (addresses->count == 0)
        aq_strings_add(addresses, "127.0.0.1");
}

static void add_if_named(char *line, const char *name, struct aq_strings *lines)
{
    char *rest;
    struct aq_ip ip;
    line[strcspn(line, "#\n")] = '\0';
    const char *address = strtok_r(line, " \t", &rest), *word;
    if (address == NULL || !aq_ip_parse(address, &ip))
        return;
    while ((word = strtok_r(NULL, " \t", &rest)) != NULL)
        if (strcasecmp(word, name) == 0)
            aq_strings_format(lines, "%s %s", name, address);
}

void aq_host_known(const char *name, struct aq_strings *lines)
{
    aq_autofclose FILE *file = fopen("/etc/hosts", "re");
    char line[LINE];
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        add_if_named(line, name, lines);
}
