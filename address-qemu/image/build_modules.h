/* SPDX-License-Identifier: MIT */
/* The kernel modules of an image: where they are, what each needs, and in which order they are loaded. */
#ifndef AQ_IMAGE_BUILD_MODULES_H
#define AQ_IMAGE_BUILD_MODULES_H

#include "image/build_job.h"
#include "util/cleanup.h"

/* A kernel's modules. Zero-initialise; aq_modules_free at the end. */
struct aq_modules {
    char *version;           /* of the kernel */
    char *folder;            /* …/lib/modules/VERSION, relative to the work folder */
    struct aq_strings paths; /* of all modules, relative to the folder */
};

/* One module that is to be loaded, unpacked. */
struct aq_module {
    char *name; /* as the kernel says it: virtio_rng */
    char *path; /* relative to the folder, ending in .ko */
    struct aq_buffer data;
    struct aq_strings needs; /* names */
};

/* Modules in the order in which they can be loaded. Zero-initialise; aq_module_set_free at the end. */
struct aq_module_set {
    struct aq_module *modules;
    size_t count;
};

/* Finds the one kernel below the folder `tree` (a name in the work folder). */
int aq_modules_find(const struct aq_build_job *job, const char *tree, struct aq_modules *modules,
                    struct aq_error *err);
void aq_modules_free(struct aq_modules *modules);

/* Adds a module and, before it, what it needs. One that the kernel does not have as a module is taken to be
 * built in. */
int aq_module_set_add(const struct aq_build_job *job, const struct aq_modules *modules, const char *name,
                      struct aq_module_set *set, struct aq_error *err);

/* Adds the set's modules.dep, which modprobe reads (kmod, modules.dep.bin(5)): PATH: PATHS of what it needs.
 */
void aq_module_set_dependencies(const struct aq_module_set *set, struct aq_buffer *text);

void aq_module_set_free(struct aq_module_set *set);

/* What a module needs, from its own "depends=" (Linux, scripts/mod/modpost.c; section .modinfo). */
void aq_module_needs(const char *data, size_t length, struct aq_strings *needs);

/* Is the path that module's, compressed or not? File names have - where the kernel's names have _. */
bool aq_module_path_is(const char *path, const char *name);

#define aq_automodules aq_cleanup(aq_modules_free)
#define aq_automoduleset aq_cleanup(aq_module_set_free)

#endif
