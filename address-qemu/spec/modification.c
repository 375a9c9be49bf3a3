/* SPDX-License-Identifier: MIT */
#include "spec/modification.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/inputs.h"
#include "spec/schema.h"
#include "util/files.h"
#include "util/yaml_limits.h"

static void free_named(struct aq_named_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->items[i].name);
        free(texts->items[i].text);
    }
    free(texts->items);
}

static void free_entry(struct aq_entry *entry)
{
    free(entry->path);
    free(entry->from);
    free(entry->checksum);
    free(entry->owner);
    free(entry->group);
    aq_buffer_free(&entry->content);
    aq_strings_free(&entry->exclude);
    free_named(&entry->variables);
}

static void free_command(struct aq_command *command)
{
    free(command->text);
    aq_strings_free(&command->secrets);
    aq_strings_free(&command->caches);
    free_named(&command->env);
}

static void free_secret(struct aq_secret *secret)
{
    free(secret->id);
    free(secret->env);
    free(secret->file);
}

void aq_spec_free(struct aq_spec *spec)
{
    for (size_t i = 0; i < spec->entry_count; i++)
        free_entry(&spec->entries[i]);
    for (size_t i = 0; i < spec->command_count; i++)
        free_command(&spec->commands[i]);
    for (size_t i = 0; i < spec->secret_count; i++)
        free_secret(&spec->secrets[i]);
    for (size_t i = 0; i < spec->step_count; i++)
        aq_step_clear(&spec->steps[i]);
    free(spec->entries);
    free(spec->commands);
    free(spec->secrets);
    free(spec->steps);
    free(spec->where);
    free(spec->path);
    free(spec->base);
    aq_strings_free(&spec->allowed);
    aq_cleanup_close(&spec->folder);
    *spec = (struct aq_spec)AQ_SPEC_NONE;
}

int aq_spec_fail(const struct aq_spec *spec, struct aq_place place, enum aq_error_code code,
                 struct aq_error *err, const char *format, ...)
{
    aq_autofree char *reason = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&reason, format, args) < 0)
        reason = NULL;
    va_end(args);
    return aq_fail(err, code, "%s:%u:%u: %s", spec->where, place.line, place.column,
                   reason != NULL ? reason : "");
}

/* Reads the file, and opens the folder that it really is in: beneath that its sources are. */
static int read_file(const char *path, struct aq_spec *spec, struct aq_buffer *text, struct aq_error *err)
{
    aq_autofree char *real = aq_absolute_path(path, err);
    if (real == NULL)
        return -1;
    spec->path = aq_strdup(real);
    char *name = strrchr(real, '/');
    *name++ = '\0';
    spec->folder = open(real[0] != '\0' ? real : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spec->folder < 0)
        return aq_fail_errno(err, AQ_E_UNREADABLE, errno, "cannot open the folder of %s", path);
    return aq_read_file_at(spec->folder, name, AQ_YAML_MAX_BYTES, text, err);
}

static int allow_sources(const char *const *folders, struct aq_spec *spec, struct aq_error *err)
{
    for (; folders != NULL && *folders != NULL; folders++) {
        aq_autofree char *real = aq_absolute_path(*folders, err);
        struct stat folder;
        if (real == NULL)
            return -1;
        if (stat(real, &folder) < 0 || !S_ISDIR(folder.st_mode))
            return aq_fail(err, AQ_E_VALUE_INVALID, "%s cannot be allowed for sources: it is no folder",
                           *folders);
        aq_strings_add(&spec->allowed, real);
    }
    return 0;
}

static int settle_base(const char *wanted, const struct aq_yaml_node *document, struct aq_spec *spec,
                       struct aq_error *err)
{
    const struct aq_yaml_node *whole = aq_schema_item(document, "checkpoint_modifications");
    const struct aq_yaml_node *base = aq_schema_item(whole, "base_checkpoint");
    spec->base_place = base != NULL ? base->place : whole->key_place;
    if (wanted != NULL) {
        free(spec->base);
        const char *expected;
        spec->base = aq_schema_plain(AQ_SCHEMA_BASE, wanted, &expected);
        if (spec->base == NULL)
            return aq_fail(err, AQ_E_VALUE_INVALID, "base has to be %s, but is \"%.200s\"", expected, wanted);
    }
    if (spec->base != NULL)
        return 0;
    return aq_spec_fail(
        spec, whole->key_place, AQ_E_SPEC_INVALID, err,
        "checkpoint_modifications needs \"base_checkpoint\", since the command names no base");
}

static void make_steps(struct aq_spec *spec)
{
    spec->steps = aq_alloc((spec->command_count + 1) * sizeof *spec->steps);
    if (spec->entry_count > 0)
        spec->steps[spec->step_count++] =
            (struct aq_step){.kind = AQ_STEP_FILES, .place = spec->entries[0].place};
    for (size_t i = 0; i < spec->command_count; i++)
        spec->steps[spec->step_count++] = (struct aq_step){
            .kind = AQ_STEP_COMMAND, .place = spec->commands[i].place, .command = &spec->commands[i]};
}

int aq_spec_load(const struct aq_spec_request *request, struct aq_spec *spec, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_autoyaml struct aq_yaml_node document = {0};
    *spec = (struct aq_spec)AQ_SPEC_NONE;
    spec->where = aq_strdup(request->path);
    if (read_file(request->path, spec, &text, err) < 0 ||
        allow_sources(request->allow_sources, spec, err) < 0 ||
        aq_yaml_read(aq_buffer_text(&text), text.length, request->path, AQ_E_SPEC_INVALID, &document, err) <
            0 ||
        aq_schema_read(spec, &aq_schema_document, &document, spec, err) < 0 ||
        settle_base(request->base, &document, spec, err) < 0) {
        aq_spec_free(spec);
        return -1;
    }
    make_steps(spec);
    return 0;
}

/* The command's first line, cut where it is long. */
static char *command_title(const struct aq_command *command)
{
    enum { LONGEST = 72 };
    const char *text = command->text + strspn(command->text, " \t\r\n");
    size_t line = strcspn(text, "\r\n");
    bool cut = line > LONGEST || text[line + strspn(text + line, " \t\r\n")] != '\0';
    size_t length = line > LONGEST ? LONGEST : line;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--; /* not within a character */
    return aq_format("command %.*s%s", (int)length, text, cut ? " …" : "");
}

char *aq_step_title(const struct aq_spec *spec, const struct aq_step *step)
{
    if (step->kind == AQ_STEP_COMMAND)
        return command_title(step->command);
    return spec->entry_count == 1 ? aq_format("file %s", spec->entries[0].path)
                                  : aq_format("%zu files", spec->entry_count);
}
