/* SPDX-License-Identifier: MIT */
#include "util/library.h"

#include <dlfcn.h>

static int load(struct aq_library *library, struct aq_error *err)
{
    void *handle = NULL;
    for (const char *const *file = library->files; *file != NULL && handle == NULL; file++)
        handle = dlopen(*file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return aq_fail(err, AQ_E_LIBRARY_MISSING,
                       "%s is needed for this and cannot be loaded; install it: apt-get install %s",
                       library->files[0], library->package);
    for (size_t i = 0; library->names[i] != NULL; i++) {
        library->functions[i] = dlsym(handle, library->names[i]);
        if (library->functions[i] != NULL)
            continue;
        dlclose(handle);
        return aq_fail(
            err, AQ_E_LIBRARY_MISSING,
            "%s is there but has no function %s: another version is needed, that of the package %s",
            library->files[0], library->names[i], library->package);
    }
    return 0;
}

int aq_library_load(struct aq_library *library, struct aq_error *err)
{
    pthread_mutex_lock(&library->lock);
    int result = library->loaded ? 0 : load(library, err);
    library->loaded = result == 0;
    pthread_mutex_unlock(&library->lock);
    return result;
}
