/* SPDX-License-Identifier: MIT */
#include "util/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/memory.h"

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The XDG base directory specification has relative values ignored. */
static const char *absolute_setting(const char *name)
{
    const char *value = setting(name);
    return value != NULL && value[0] == '/' ? value : NULL;
}

static char *from_current_folder(const char *path, struct aq_error *err)
{
    if (path[0] == '/')
        return aq_strdup(path);
    aq_autofree char *current = getcwd(NULL, 0);
    if (current == NULL) {
        aq_fail_errno(err, AQ_E_IO, errno, "cannot tell what folder %s is in", path);
        return NULL;
    }
    return aq_format("%s/%s", current, path);
}

char *aq_home_path(struct aq_error *err)
{
    const char *store = setting("ADDRESS_QEMU_HOME");
    if (store != NULL)
        return from_current_folder(store, err);
    const char *data = absolute_setting("XDG_DATA_HOME");
    if (data != NULL)
        return aq_format("%s/address-qemu", data);
    const char *home = absolute_setting("HOME");
    if (home == NULL) {
        const struct passwd *user = getpwuid(geteuid());
        home = user != NULL ? user->pw_dir : NULL;
    }
    if (home == NULL) {
        aq_fail(err, AQ_E_FAILED, "user %u has no home folder to keep VMs in: set ADDRESS_QEMU_HOME",
                (unsigned)geteuid());
        return NULL;
    }
    return aq_format("%s/.local/share/address-qemu", home);
}

int aq_open_home(struct aq_error *err)
{
    aq_autofree char *path = aq_home_path(err);
    return path != NULL ? aq_open_private_dir(path, err) : -1;
}

int aq_open_home_dir(const char *name, struct aq_error *err)
{
    aq_autoclose int home = aq_open_home(err);
    return home >= 0 ? aq_open_private_dir_at(home, name, err) : -1;
}

static bool is_our_folder(const char *path)
{
    struct stat folder;
    return stat(path, &folder) == 0 && S_ISDIR(folder.st_mode) && folder.st_uid == geteuid();
}

/* Where the runtime folder is made and what it is called there. After su, XDG_RUNTIME_DIR may be the other
 * user's. */
static char *runtime_parent(const char **name, char own_name[64])
{
    *name = "address-qemu";
    const char *given = absolute_setting("XDG_RUNTIME_DIR");
    if (given != NULL && is_our_folder(given))
        return aq_strdup(given);
    aq_autofree char *of_user = aq_format("/run/user/%u", (unsigned)geteuid());
    if (is_our_folder(of_user))
        return aq_steal_ptr(&of_user);
    if (geteuid() == 0 && is_our_folder("/run"))
        return aq_strdup("/run");
    snprintf(own_name, 64, "address-qemu-%u", (unsigned)geteuid());
    *name = own_name;
    return aq_strdup("/tmp");
}

char *aq_runtime_path(void)
{
    const char *name;
    char own_name[64];
    aq_autofree char *parent = runtime_parent(&name, own_name);
    return aq_format("%s/%s", parent, name);
}

int aq_open_runtime(struct aq_error *err)
{
    const char *name;
    char own_name[64];
    aq_autofree char *parent = runtime_parent(&name, own_name);
    aq_autoclose int dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder %s", parent);
    return aq_open_private_dir_at(dir, name, err);
}
