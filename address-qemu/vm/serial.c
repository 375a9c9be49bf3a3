/* SPDX-License-Identifier: MIT */
#include "vm/serial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"
#include "util/memory.h"

enum { PASSWORD_MAX = 512 };

char *aq_serial_password(const char *path, struct aq_error *err)
{
    char text[PASSWORD_MAX + 1];
    struct stat st;
    aq_autoclose int file = aq_open_input(path, err);
    if (file < 0)
        return NULL;
    if (fstat(file, &st) < 0 || (st.st_mode & 077) != 0) {
        aq_fail(err, AQ_E_VALUE_INVALID, "%s holds a password and is open to others: chmod 600 it", path);
        return NULL;
    }
    ssize_t length = read(file, text, PASSWORD_MAX);
    if (length < 0) {
        aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", path);
        return NULL;
    }
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    bool plain = text[0] != '\0';
    for (const char *c = text; *c != '\0'; c++)
        plain = plain && (unsigned char)*c >= ' ' && *c != 127;
    char *password = plain ? aq_strdup(text) : NULL;
    explicit_bzero(text, sizeof text);
    if (password == NULL)
        aq_fail(err, AQ_E_VALUE_INVALID, "the first line of %s is no password that can be typed", path);
    return password;
}

int aq_vm_serial_login(const struct aq_vm *vm, struct aq_serial_login *login, struct aq_error *err)
{
    const char *path = vm->console.password_file;
    aq_vm_serial_login_free(login);
    login->user = aq_strdup(vm->console.user != NULL ? vm->console.user : "");
    if (path == NULL || path[0] == '\0')
        return 0;
    login->password = aq_serial_password(path, err);
    return login->password != NULL ? 0 : -1;
}

void aq_vm_serial_login_free(struct aq_serial_login *login)
{
    if (login->password != NULL)
        explicit_bzero(login->password, strlen(login->password));
    free(login->password);
    free(login->user);
    *login = (struct aq_serial_login){0};
}
