/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/server/server.h"
#include "offline/agent/agent.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} modes[] = {
    {"--serve", aq_guest_serve},   {"step", aq_agent_step},     {"files", aq_agent_files},
    {"quiesce", aq_agent_quiesce}, {"resume", aq_agent_resume}, {"relabel", aq_agent_relabel},
    {"list", aq_agent_list},       {"grow", aq_agent_grow},
};

int aq_agent_complain(int errnum, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    if (errnum != 0)
        fprintf(stderr, ": %s", strerror(errnum));
    fputc('\n', stderr);
    return 1;
}

int main(int argc, char **argv)
{
    umask(022);
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            return modes[i].run(argc, argv);
    return aq_agent_complain(0, "appliance-agent: this program is run in libguestfs's appliance");
}
