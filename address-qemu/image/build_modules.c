/* SPDX-License-Identifier: MIT */
#include "image/build_modules.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "util/files.h"

#define MODULE_MAX ((size_t)64 << 20)

static void module_free(struct aq_module *module)
{
    free(module->name);
    free(module->path);
    aq_buffer_free(&module->data);
    aq_strings_free(&module->needs);
}

void aq_modules_free(struct aq_modules *modules)
{
    free(modules->version);
    free(modules->folder);
    aq_strings_free(&modules->paths);
}

void aq_module_set_free(struct aq_module_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        module_free(&set->modules[i]);
    free(set->modules);
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    return length >= strlen(suffix) && strcmp(text + length - strlen(suffix), suffix) == 0;
}

/* Walks the folder; the first level below it is the version. */
static int list_modules(FTS *walk, const char *tree, struct aq_modules *modules, struct aq_error *err)
{
    size_t prefix = 0;
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info == FTS_D && entry->fts_level == 1) {
            if (modules->version != NULL)
                return aq_fail(err, AQ_E_FAILED, "the image would have two kernels: %s and %s",
                               modules->version, entry->fts_name);
            modules->version = aq_strdup(entry->fts_name);
            modules->folder = aq_format("%s/%s", tree, entry->fts_name);
            prefix = strlen(entry->fts_path) + 1;
        } else if (entry->fts_info == FTS_F && entry->fts_level > 1 &&
                   (has_suffix(entry->fts_name, ".ko") || has_suffix(entry->fts_name, ".ko.xz"))) {
            aq_strings_add(&modules->paths, entry->fts_path + prefix);
        }
    }
    return 0;
}

static int find_below(const struct aq_build_job *job, const char *folder, struct aq_modules *modules,
                      struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(job->work, folder);
    char *const roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (walk == NULL)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", path);
    int done = list_modules(walk, folder, modules, err);
    fts_close(walk);
    return done;
}

int aq_modules_find(const struct aq_build_job *job, const char *tree, struct aq_modules *modules,
                    struct aq_error *err)
{
    static const char *const places[] = {"usr/lib/modules", "lib/modules"};
    for (size_t i = 0; i < sizeof places / sizeof *places && modules->version == NULL; i++) {
        aq_autofree char *folder = aq_format("%s/%s", tree, places[i]);
        if (find_below(job, folder, modules, err) < 0)
            return -1;
    }
    if (modules->version == NULL)
        return aq_fail(err, AQ_E_FAILED, "the packages brought no kernel modules");
    return 0;
}

void aq_module_needs(const char *data, size_t length, struct aq_strings *needs)
{
    static const char key[] = "\0depends=";
    const char *found = memmem(data, length, key, sizeof key - 1);
    if (found == NULL)
        return;
    found += sizeof key - 1;
    aq_autofree char *list = aq_strndup(found, strnlen(found, length - (size_t)(found - data)));
    char *rest = list;
    for (char *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
        aq_strings_add(needs, name);
}

bool aq_module_path_is(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    for (; *name != '\0'; name++, file++)
        if (*file != *name && !((*file == '-' || *file == '_') && (*name == '-' || *name == '_')))
            return false;
    return strcmp(file, ".ko") == 0 || strcmp(file, ".ko.xz") == 0;
}

/* Reads a module, unpacked. */
static int read_module(const struct aq_build_job *job, const char *path, struct aq_buffer *data,
                       struct aq_error *err)
{
    if (has_suffix(path, ".ko"))
        return aq_read_file_at(job->work, path, MODULE_MAX, data, err);
    aq_autofree char *full = aq_path_at(job->work, path);
    const struct aq_process process = {
        .argv = (const char *const[]){"xz", "--decompress", "--stdout", "--", full, NULL},
        .capture_limit = MODULE_MAX,
    };
    struct aq_process_result result = {0};
    if (aq_process_check(&process, &result, err) < 0)
        return -1;
    *data = result.output;
    aq_buffer_free(&result.errors);
    return 0;
}

static bool set_has(const struct aq_module_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->modules[i].name, name) == 0)
            return true;
    return false;
}

static int add_found(const struct aq_build_job *job, const struct aq_modules *modules, const char *name,
                     const char *path, struct aq_module_set *set, struct aq_error *err)
{
    struct aq_module module = {.name = aq_strdup(name)};
    size_t length = strlen(path) - (has_suffix(path, ".xz") ? strlen(".xz") : 0);
    module.path = aq_strndup(path, length);
    aq_autofree char *full = aq_format("%s/%s", modules->folder, path);
    int done = read_module(job, full, &module.data, err);
    if (done == 0)
        aq_module_needs(module.data.data, module.data.length, &module.needs);
    for (size_t i = 0; done == 0 && i < module.needs.count; i++)
        done = aq_module_set_add(job, modules, module.needs.items[i], set, err);
    if (done < 0) {
        module_free(&module);
        return -1;
    }
    set->modules = aq_realloc(set->modules, (set->count + 1) * sizeof *set->modules);
    set->modules[set->count++] = module;
    return 0;
}

int aq_module_set_add(const struct aq_build_job *job, const struct aq_modules *modules, const char *name,
                      struct aq_module_set *set, struct aq_error *err)
{
    if (set_has(set, name))
        return 0;
    for (size_t i = 0; i < modules->paths.count; i++)
        if (aq_module_path_is(modules->paths.items[i], name))
            return add_found(job, modules, name, modules->paths.items[i], set, err);
    return 0;
}

/* A module, then what it needs, the first to be loaded last. */
static void add_dependencies(const struct aq_module_set *set, size_t of, struct aq_buffer *text)
{
    bool *needed = aq_alloc((of + 1) * sizeof *needed);
    needed[of] = true;
    aq_buffer_format(text, "%s:", set->modules[of].path);
    for (size_t i = of + 1; i-- > 0;) {
        if (!needed[i])
            continue;
        if (i != of)
            aq_buffer_format(text, " %s", set->modules[i].path);
        for (size_t j = 0; j < i; j++)
            needed[j] = needed[j] || aq_strings_has(&set->modules[i].needs, set->modules[j].name);
    }
    aq_buffer_add_char(text, '\n');
    free(needed);
}

void aq_module_set_dependencies(const struct aq_module_set *set, struct aq_buffer *text)
{
    for (size_t i = 0; i < set->count; i++)
        add_dependencies(set, i, text);
}
