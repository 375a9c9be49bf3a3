/* SPDX-License-Identifier: MIT */
/* How packages are installed in a guest: which distribution it is, and what its package manager is told. */
#ifndef AQ_GUEST_PACKAGE_MANAGER_H
#define AQ_GUEST_PACKAGE_MANAGER_H

#include <stddef.h>

#include "util/memory.h"

/* What os-release(5) says of it, and what the probe adds. "" for what is not said. */
struct aq_distribution {
    char id[64];      /* ID: "debian" */
    char like[256];   /* ID_LIKE: "rhel centos fedora" */
    char version[64]; /* VERSION_ID: "12" */
    char name[256];   /* PRETTY_NAME */
    char init[16];    /* "systemd", "openrc" or "" */
    char user[16];    /* the number of the user that commands run as */
};

/* Prints os-release and those last two as further lines of it; for sh -c. */
extern const char aq_distribution_probe[];

/* Takes that text apart; whatever else is in it is passed over. */
void aq_distribution_parse(const char *text, struct aq_distribution *distribution);

/* Commands are argument lists; what they are about follows them. */
struct aq_package_manager {
    const char *name;
    const char *const *environment;   /* NAME=VALUE, NULL at the end; may be NULL */
    const char *const *refresh;       /* makes its lists current; NULL: it does that by itself */
    const char *const *install;       /* then names of packages */
    const char *const *install_files; /* then paths of packages in the guest */
};

/* NULL for a distribution that is not known, nor like one that is. */
const struct aq_package_manager *aq_package_manager_of(const struct aq_distribution *distribution);

/* The commands that enable and start a service there, NULL at the end; none where the init system is not
   known. What starts it comes last. */
const char *const *const *aq_service_commands(const struct aq_distribution *distribution);

#endif
