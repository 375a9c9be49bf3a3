/* SPDX-License-Identifier: MIT */
/* Who logs in at a serial console. */
#ifndef AQ_GUEST_SERIAL_LOGIN_H
#define AQ_GUEST_SERIAL_LOGIN_H

/* Strings are the owner's. */
struct aq_serial_login {
    char *user;     /* NULL or "": root */
    char *password; /* NULL: none is known; overwritten before it is freed */
};

#endif
