/* SPDX-License-Identifier: MIT */
/* The files of the policy, read strictly. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/rules.h"
#include "util/size.h"
#include "util/suggest.h"
#include "util/yaml.h"

#define NAME "address-qemu/policy.yaml"

enum { FILE_MAX = 256 * 1024, COUNT_MAX = 1000000 };

const char *aq_policy_host_file = "/etc/" NAME;

static const char *const mode_names[] = {"strict", "moderate", "permissive"};

const char *aq_policy_mode_name(enum aq_policy_mode mode)
{
    return mode_names[mode];
}

static int invalid(const struct aq_policy_file *file, unsigned line, struct aq_error *err, const char *why,
                   const char *what)
{
    return aq_fail(err, AQ_E_POLICY_INVALID,
                   "%s:%u: %s%s; what a policy may refuse is refused until that is mended", file->path, line,
                   why, what);
}

/* --- values --- */

static int read_mode(const struct aq_yaml_node *node, struct aq_policy_file *file, struct aq_error *err)
{
    for (int i = 0; node->kind == AQ_YAML_TEXT && i < 3; i++)
        if (strcmp(node->text, mode_names[i]) == 0) {
            file->mode = (enum aq_policy_mode)i;
            file->mode_line = node->key_place.line;
            return 0;
        }
    return invalid(file, node->place.line, err, node->key, " has to be strict, moderate or permissive");
}

static int read_number(const struct aq_yaml_node *node, enum aq_policy_kind kind,
                       struct aq_policy_value *value, const struct aq_policy_file *file, struct aq_error *err)
{
    struct aq_error ignored = {0};
    bool scalar = node->kind == AQ_YAML_INTEGER || node->kind == AQ_YAML_TEXT;
    if (kind == AQ_POLICY_SIZE)
        return scalar && aq_parse_size(node->text, &value->number, &ignored) == 0
                   ? 0
                   : invalid(file, node->place.line, err, node->key, " has to be a size, such as 8G");
    if (node->kind != AQ_YAML_INTEGER || node->number < 0 || node->number > COUNT_MAX)
        return invalid(file, node->place.line, err, node->key, " has to be a whole number");
    value->number = (uint64_t)node->number;
    return 0;
}

static int read_item(const struct aq_yaml_node *node, enum aq_policy_kind kind, struct aq_strings *items,
                     const struct aq_policy_file *file, struct aq_error *err)
{
    if (node->kind == AQ_YAML_LIST || node->kind == AQ_YAML_MAPPING || node->text[0] == '\0')
        return invalid(file, node->place.line, err, "an entry has to be text", "");
    const char *home = getenv("HOME");
    if (kind == AQ_POLICY_SOURCES && strncmp(node->text, "~/", 2) == 0 && home != NULL) {
        aq_strings_format(items, "%s%s", home, node->text + 1);
        return 0;
    }
    if (kind == AQ_POLICY_SOURCES && node->text[0] != '/' && strstr(node->text, "://") == NULL)
        return invalid(file, node->place.line, err,
                       "a folder has to be an absolute path, or the beginning of a URL, but is ", node->text);
    aq_strings_add(items, node->text);
    return 0;
}

static int read_list(const struct aq_yaml_node *node, enum aq_policy_kind kind, struct aq_policy_value *value,
                     const struct aq_policy_file *file, struct aq_error *err)
{
    if (node->kind != AQ_YAML_LIST)
        return invalid(file, node->place.line, err, node->key, " has to be a list; an empty one is []");
    for (size_t i = 0; i < node->count; i++)
        if (read_item(&node->items[i], kind, &value->items, file, err) < 0)
            return -1;
    return 0;
}

/* --- keys --- */

static int read_audit_reads(const struct aq_yaml_node *node, struct aq_policy_file *file,
                            struct aq_error *err)
{
    if (node->kind != AQ_YAML_BOOLEAN)
        return invalid(file, node->place.line, err, node->key, " has to be true or false");
    file->audit_reads = node->number != 0;
    return 0;
}

static int unknown(const struct aq_yaml_node *node, const struct aq_policy_file *file, struct aq_error *err)
{
    const char *names[AQ_POLICY_RULES + 2] = {"security_mode", "audit_reads"};
    for (int i = 0; i < AQ_POLICY_RULES; i++)
        names[i + 2] = aq_policy_rules[i].name;
    const char *near = aq_suggest(node->key, names, AQ_POLICY_RULES + 2);
    aq_autofree char *why = near != NULL ? aq_format("there is no rule %s; did you mean %s", node->key, near)
                                         : aq_format("there is no rule %s", node->key);
    return invalid(file, node->key_place.line, err, why, near != NULL ? "?" : "");
}

static int read_key(const struct aq_yaml_node *node, struct aq_policy_file *file, struct aq_error *err)
{
    if (strcmp(node->key, "security_mode") == 0)
        return read_mode(node, file, err);
    if (strcmp(node->key, "audit_reads") == 0)
        return read_audit_reads(node, file, err);
    for (int i = 0; i < AQ_POLICY_RULES; i++) {
        const struct aq_policy_rule_of *rule = &aq_policy_rules[i];
        struct aq_policy_value *value = &file->values[i];
        if (strcmp(node->key, rule->name) != 0)
            continue;
        value->line = node->key_place.line;
        return i < AQ_POLICY_NUMBERS ? read_number(node, rule->kind, value, file, err)
                                     : read_list(node, rule->kind, value, file, err);
    }
    return unknown(node, file, err);
}

/* --- files --- */

static int unreadable(const char *path, int errnum, struct aq_error *err)
{
    return aq_fail_errno(err, AQ_E_POLICY_INVALID, errnum, "the policy %s cannot be read", path);
}

/* Whoever may write to it makes the rules. */
static int check_owner(int fd, const char *path, uid_t owner, struct aq_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return unreadable(path, errno, err);
    if (!S_ISREG(st.st_mode))
        return aq_fail(err, AQ_E_POLICY_INVALID, "the policy %s is no file", path);
    if ((st.st_uid == 0 || st.st_uid == owner) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return 0;
    return aq_fail(err, AQ_E_POLICY_INVALID,
                   "the policy %s belongs to somebody else or may be written to by others: chmod 644, chown",
                   path);
}

/* 1 and its text, 0 it is not there. */
static int read_text(const char *path, uid_t owner, struct aq_buffer *text, struct aq_error *err)
{
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : unreadable(path, errno, err);
    if (check_owner(fd, path, owner, err) < 0)
        return -1;
    ssize_t got;
    while ((got = read(fd, aq_buffer_room(text, 4096), 4096)) > 0) {
        text->length += (size_t)got;
        if (text->length > FILE_MAX)
            return unreadable(path, EFBIG, err);
    }
    return got < 0 ? unreadable(path, errno, err) : 1;
}

static int load_file(const char *path, uid_t owner, struct aq_policy *policy, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_autoyaml struct aq_yaml_node root = {0};
    int found = read_text(path, owner, &text, err);
    if (found <= 0)
        return found;
    struct aq_policy_file *file = &policy->files[policy->count++];
    *file = (struct aq_policy_file){.path = aq_strdup(path), .mode = AQ_POLICY_MODERATE, .mode_line = 1};
    if (aq_yaml_read(aq_buffer_text(&text), text.length, path, AQ_E_POLICY_INVALID, &root, err) < 0)
        return -1;
    for (size_t i = 0; i < root.count; i++)
        if (read_key(&root.items[i], file, err) < 0)
            return -1;
    return 0;
}

/* NULL: there is no home folder, and so no file in it. */
static char *user_file(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config != NULL && config[0] == '/')
        return aq_format("%s/" NAME, config);
    return home != NULL && home[0] == '/' ? aq_format("%s/.config/" NAME, home) : NULL;
}

int aq_policy_load(struct aq_policy *policy, struct aq_error *err)
{
    aq_autofree char *own = user_file();
    if (load_file(aq_policy_host_file, 0, policy, err) < 0)
        return -1;
    return own != NULL ? load_file(own, getuid(), policy, err) : 0;
}

void aq_policy_free(struct aq_policy *policy)
{
    for (unsigned i = 0; i < policy->count; i++) {
        free(policy->files[i].path);
        for (int rule = 0; rule < AQ_POLICY_RULES; rule++)
            aq_strings_free(&policy->files[i].values[rule].items);
    }
    *policy = (struct aq_policy){0};
}
