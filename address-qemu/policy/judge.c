/* SPDX-License-Identifier: MIT */
/* Is it allowed, and if not, by which rule? */
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "policy/rules.h"
#include "util/files.h"
#include "util/size.h"

#define GIB (1ULL << 30)

/* Under `strict` the limits are those of the original where none are written. */
const struct aq_policy_rule_of aq_policy_rules[AQ_POLICY_RULES] = {
    [AQ_POLICY_MAX_VMS] = {"max_vms", AQ_POLICY_COUNT, 10},
    [AQ_POLICY_MAX_MEMORY] = {"max_memory", AQ_POLICY_SIZE, 0},
    [AQ_POLICY_MAX_CPUS] = {"max_cpus", AQ_POLICY_COUNT, 0},
    [AQ_POLICY_MAX_MEMORY_PER_VM] = {"max_memory_per_vm", AQ_POLICY_SIZE, 8 * GIB},
    [AQ_POLICY_MAX_CPUS_PER_VM] = {"max_cpus_per_vm", AQ_POLICY_COUNT, 8},
    [AQ_POLICY_DISK_FOLDERS] = {"disk_folders", AQ_POLICY_SOURCES, 0},
    [AQ_POLICY_SCRIPT_FOLDERS] = {"script_folders", AQ_POLICY_SOURCES, 0},
    [AQ_POLICY_BASES] = {"bases", AQ_POLICY_PATTERNS, 0},
    [AQ_POLICY_NETWORKS] = {"networks", AQ_POLICY_PATTERNS, 0},
};

static _Thread_local struct aq_strings notes;

const char *aq_policy_rule_name(enum aq_policy_rule rule)
{
    return aq_policy_rules[rule].name;
}

bool aq_policy_rule_is_size(enum aq_policy_rule rule)
{
    return aq_policy_rules[rule].kind == AQ_POLICY_SIZE;
}

void aq_policy_take_notes(struct aq_strings *to)
{
    for (size_t i = 0; i < notes.count; i++)
        aq_strings_add(to, notes.items[i]);
    aq_strings_free(&notes);
    notes = (struct aq_strings){0};
}

/* The refusal, or under `permissive` the note of it. `said` is the whole but for where the rule is. */
static int refuse(const struct aq_policy_file *file, enum aq_policy_rule rule, const char *said,
                  struct aq_error *err)
{
    const char *name = aq_policy_rule_name(rule);
    unsigned line = file->values[rule].line;
    aq_autofree char *where = line != 0 ? aq_format("%s, %s:%u", name, file->path, line)
                                        : aq_format("%s is not set and security_mode is strict, %s:%u", name,
                                                    file->path, file->mode_line);
    if (file->mode != AQ_POLICY_PERMISSIVE)
        return aq_fail(err, AQ_E_POLICY_REFUSED, "%s (%s)", said, where);
    aq_strings_format(&notes, "%s (%s)", said, where);
    return 0;
}

/* --- numbers --- */

/* 1 and the limit, 0 there is none. */
static bool limit_of(const struct aq_policy_file *file, enum aq_policy_rule rule, uint64_t *limit)
{
    bool written = file->values[rule].line != 0;
    *limit = written ? file->values[rule].number : aq_policy_rules[rule].strict;
    return written || (file->mode == AQ_POLICY_STRICT && *limit != 0);
}

bool aq_policy_limits(const struct aq_policy *policy, enum aq_policy_rule rule)
{
    uint64_t limit;
    for (unsigned i = 0; i < policy->count; i++)
        if (limit_of(&policy->files[i], rule, &limit))
            return true;
    return false;
}

static const char *number_text(enum aq_policy_rule rule, uint64_t number, char text[AQ_SIZE_TEXT])
{
    if (aq_policy_rule_is_size(rule))
        return aq_size_text(number, text);
    snprintf(text, AQ_SIZE_TEXT, "%" PRIu64, number);
    return text;
}

int aq_policy_number(const struct aq_policy *policy, enum aq_policy_rule rule, uint64_t wanted,
                     const char *what, struct aq_error *err)
{
    static const char *const units[] = {[AQ_POLICY_MAX_VMS] = "VMs",
                                        [AQ_POLICY_MAX_MEMORY] = "of memory",
                                        [AQ_POLICY_MAX_CPUS] = "CPUs",
                                        [AQ_POLICY_MAX_MEMORY_PER_VM] = "of memory",
                                        [AQ_POLICY_MAX_CPUS_PER_VM] = "CPUs"};
    for (unsigned i = 0; i < policy->count; i++) {
        uint64_t limit;
        char much[AQ_SIZE_TEXT], most[AQ_SIZE_TEXT];
        if (!limit_of(&policy->files[i], rule, &limit) || wanted <= limit)
            continue;
        aq_autofree char *said =
            aq_format("%s %s %s, and the policy allows %s", what, number_text(rule, wanted, much),
                      units[rule], number_text(rule, limit, most));
        if (refuse(&policy->files[i], rule, said, err) < 0)
            return -1;
    }
    return 0;
}

/* --- lists --- */

static bool has_list(const struct aq_policy_file *file, enum aq_policy_rule rule)
{
    return file->values[rule].line != 0 || file->mode == AQ_POLICY_STRICT;
}

/* "a, b", or "nothing" ("none" is a network). free() it. */
static char *list_text(const struct aq_strings *items)
{
    aq_autobuffer struct aq_buffer text = {0};
    for (size_t i = 0; i < items->count; i++)
        aq_buffer_format(&text, "%s%s", i > 0 ? ", " : "", items->items[i]);
    return aq_strdup(items->count > 0 ? aq_buffer_text(&text) : "nothing");
}

int aq_policy_name(const struct aq_policy *policy, enum aq_policy_rule rule, const char *name,
                   const char *what, struct aq_error *err)
{
    for (unsigned i = 0; i < policy->count; i++) {
        const struct aq_policy_file *file = &policy->files[i];
        const struct aq_strings *items = &file->values[rule].items;
        bool allowed = !has_list(file, rule);
        for (size_t n = 0; n < items->count && !allowed; n++)
            allowed = fnmatch(items->items[n], name, 0) == 0;
        if (allowed)
            continue;
        aq_autofree char *list = list_text(items);
        aq_autofree char *said = aq_format("%s %s is not one that the policy allows: %s", what, name, list);
        if (refuse(file, rule, said, err) < 0)
            return -1;
    }
    return 0;
}

/* Is it that place itself, or below it? */
static bool is_within(const char *path, const char *place)
{
    size_t length = strlen(place);
    while (length > 1 && place[length - 1] == '/')
        length--;
    if (strncmp(path, place, length) != 0)
        return false;
    return path[length] == '\0' || path[length] == '/' || (length == 1 && place[0] == '/');
}

/* What climbs in a URL is read otherwise by whoever answers it. */
static bool url_is_within(const char *url, const char *place)
{
    return strstr(place, "://") != NULL && is_within(url, place) && strstr(url, "/../") == NULL &&
           strstr(url, "%2e") == NULL && strstr(url, "%2E") == NULL;
}

static bool path_is_within(const char *path, const char *place)
{
    struct aq_error ignored = {0};
    aq_autofree char *resolved = place[0] == '/' ? aq_absolute_path(place, &ignored) : NULL;
    return resolved != NULL && is_within(path, resolved);
}

int aq_policy_source(const struct aq_policy *policy, enum aq_policy_rule rule, const char *source,
                     struct aq_error *err)
{
    struct aq_error ignored = {0};
    if (strncmp(source, "file://", 7) == 0 && strchr(source, '%') == NULL)
        source += 7;
    bool url = strstr(source, "://") != NULL;
    aq_autofree char *path = url || policy->count == 0 ? NULL : aq_absolute_path(source, &ignored);
    if (!url && path == NULL)
        return 0;
    for (unsigned i = 0; i < policy->count; i++) {
        const struct aq_policy_file *file = &policy->files[i];
        const struct aq_strings *items = &file->values[rule].items;
        bool allowed = !has_list(file, rule);
        for (size_t n = 0; n < items->count && !allowed; n++)
            allowed = url ? url_is_within(source, items->items[n]) : path_is_within(path, items->items[n]);
        if (allowed)
            continue;
        aq_autofree char *list = list_text(items);
        aq_autofree char *said =
            aq_format("%s is not in a place that the policy allows: %s", url ? source : path, list);
        if (refuse(file, rule, said, err) < 0)
            return -1;
    }
    return 0;
}
