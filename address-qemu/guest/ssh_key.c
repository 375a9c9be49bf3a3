/* SPDX-License-Identifier: MIT */
#include "guest/ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/ssh_library.h"
#include "util/files.h"
#include "util/random.h"

#define COMMENT "address-qemu"

static int fail_to_make(const char *what, struct aq_error *err)
{
    return aq_fail(err, AQ_E_IO, "libssh cannot make a key pair: %s failed", what);
}

/* "TYPE KEY" of a key's public half; NULL when libssh fails. */
static char *public_text(ssh_key private_key)
{
    ssh_key public_key = NULL;
    char *base64 = NULL, *text = NULL;
    if (aq_ssh.ssh_pki_export_privkey_to_pubkey(private_key, &public_key) == 0 &&
        aq_ssh.ssh_pki_export_pubkey_base64(public_key, &base64) == 0)
        text = aq_format("%s %s", aq_ssh.ssh_key_type_to_char(aq_ssh.ssh_key_type(public_key)), base64);
    aq_ssh.ssh_string_free_char(base64);
    aq_ssh.ssh_key_free(public_key);
    return text;
}

/* Written under a name of its own: libssh takes a path, and makes the file as the umask has it. */
static int write_private(int folder, const char *temporary, ssh_key key, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(folder, temporary);
    aq_autoclose int fd =
        openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make %s", path);
    if (aq_ssh.ssh_pki_export_privkey_file(key, NULL, NULL, NULL, path) != 0)
        return fail_to_make("writing it", err);
    return fsync(fd) == 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot write %s", path);
}

/* The private half appears under its name last, unless another process was faster; then its pair stands. */
static int publish(int folder, const char *temporary, ssh_key key, struct aq_error *err)
{
    aq_autofree char *text = public_text(key);
    if (text == NULL)
        return fail_to_make("its public half", err);
    aq_autofree char *line = aq_format("%s " COMMENT "\n", text);
    if (write_private(folder, temporary, key, err) < 0)
        return -1;
    if (linkat(folder, temporary, folder, AQ_SSH_KEY, 0) < 0)
        return errno == EEXIST ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot name the store's SSH key");
    return aq_replace_file_at(folder, AQ_SSH_KEY ".pub", line, strlen(line), err);
}

int aq_ssh_key_ensure(int folder, struct aq_error *err)
{
    char part[11], temporary[32];
    ssh_key key = NULL;
    if (faccessat(folder, AQ_SSH_KEY, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    if (aq_library_load(&aq_ssh_library, err) < 0)
        return -1;
    if (aq_ssh.ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != 0)
        return fail_to_make("generating it", err);
    snprintf(temporary, sizeof temporary, ".key.%s.tmp", aq_random_name(part, sizeof part));
    int result = publish(folder, temporary, key, err);
    unlinkat(folder, temporary, 0);
    aq_ssh.ssh_key_free(key);
    return result;
}

/* As ssh has it: a key that others may read is no secret. */
static int check_file(const char *path, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_input(path, err);
    struct stat file;
    if (fd < 0)
        return -1;
    if (fstat(fd, &file) == 0 && file.st_uid == geteuid() && (file.st_mode & 077) != 0)
        return aq_fail(err, AQ_E_SSH_KEY_UNUSABLE,
                       "the private key %s is open to others (mode %04o): chmod "
                       "600 %s",
                       path, (unsigned)file.st_mode & 07777, path);
    return 0;
}

/* Without this OpenSSL would ask for the passphrase on the terminal. */
static int refuse_passphrase(const char *prompt, char *to, size_t length, int echo, int verify, void *data)
{
    (void)prompt, (void)to, (void)length, (void)echo, (void)verify;
    *(bool *)data = true;
    return -1;
}

struct ssh_key_struct *aq_ssh_key_load(const char *path, struct aq_error *err)
{
    ssh_key key = NULL;
    bool wants_passphrase = false;
    if (aq_library_load(&aq_ssh_library, err) < 0 || check_file(path, err) < 0)
        return NULL;
    if (aq_ssh.ssh_pki_import_privkey_file(path, NULL, refuse_passphrase, &wants_passphrase, &key) == 0)
        return key;
    aq_fail(err, AQ_E_SSH_KEY_UNUSABLE,
            wants_passphrase
                ? "the private key %s has a passphrase: give one that has none, such as the store's own"
                : "%s is no private key that libssh can read",
            path);
    return NULL;
}

char *aq_ssh_key_public(const char *path, struct aq_error *err)
{
    ssh_key key = aq_ssh_key_load(path, err);
    char *text = key != NULL ? public_text(key) : NULL;
    aq_ssh.ssh_key_free(key);
    return text;
}
