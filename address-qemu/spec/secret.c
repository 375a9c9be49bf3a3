/* SPDX-License-Identifier: MIT */
/* Secrets: read when they are used, overwritten afterwards, and in no message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/items.h"
#include "spec/source.h"

#define SECRET_MAX ((size_t)1 << 20)

const struct aq_secret *aq_secret_find(const struct aq_spec *spec, const char *id)
{
    for (size_t i = 0; i < spec->secret_count; i++)
        if (strcmp(spec->secrets[i].id, id) == 0)
            return &spec->secrets[i];
    return NULL;
}

static int read_env(const struct aq_spec *spec, const struct aq_secret *secret, struct aq_buffer *value,
                    struct aq_error *err)
{
    const char *text = getenv(secret->env);
    if (text == NULL)
        return aq_spec_fail(spec, secret->place, AQ_E_SECRET_MISSING, err,
                            "the secret %s is not there: the environment has no %s", secret->id, secret->env);
    aq_buffer_add_text(value, text);
    return 0;
}

static int fail_file(const struct aq_spec *spec, const struct aq_secret *secret, struct aq_error *reason,
                     struct aq_error *err)
{
    if (reason->code != AQ_E_FILE_NOT_FOUND)
        return aq_fail(err, reason->code, "%s", reason->text);
    return aq_spec_fail(spec, secret->place, AQ_E_SECRET_MISSING, err,
                        "the secret %s is not there: there is no file %s", secret->id, secret->file);
}

static int read_file(const struct aq_spec *spec, const struct aq_secret *secret, struct aq_buffer *value,
                     struct aq_error *err)
{
    struct aq_error reason = {0};
    aq_autoclose int fd = aq_source_open_file(spec, secret->place, secret->file, &reason);
    if (fd < 0)
        return fail_file(spec, secret, &reason, err);
    /* Room for all of it at once: growing would leave copies behind that nobody overwrites. */
    char *room = aq_buffer_room(value, SECRET_MAX + 1);
    for (;;) {
        ssize_t got = read(fd, room + value->length, SECRET_MAX + 1 - value->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot read the secret %s", secret->id);
        if (got == 0)
            return 0;
        aq_buffer_filled(value, (size_t)got);
        if (value->length > SECRET_MAX)
            return aq_spec_fail(spec, secret->place, AQ_E_LIMIT_EXCEEDED, err,
                                "the secret %s is larger than 1 MiB", secret->id);
    }
}

int aq_secret_read(const struct aq_spec *spec, const char *id, struct aq_buffer *value, struct aq_error *err)
{
    const struct aq_secret *secret = aq_secret_find(spec, id);
    if (secret == NULL)
        return aq_fail(err, AQ_E_SECRET_MISSING, "%s: there is no secret %.80s", spec->where, id);
    int result =
        secret->env != NULL ? read_env(spec, secret, value, err) : read_file(spec, secret, value, err);
    if (result < 0)
        aq_secret_wipe(value);
    return result;
}

/* Shorter ones are in every text, and would tell where they are not. */
enum { MASKED_LEAST = 4 };

static void mask(struct aq_buffer *text, const char *value, size_t length)
{
    static const char stars[] = "***";
    aq_autobuffer struct aq_buffer masked = {0};
    const char *at = aq_buffer_text(text), *end = at + text->length, *found;
    if (length < MASKED_LEAST)
        return;
    while ((found = memmem(at, (size_t)(end - at), value, length)) != NULL) {
        aq_buffer_add(&masked, at, (size_t)(found - at));
        aq_buffer_add_text(&masked, stars);
        at = found + length;
    }
    if (masked.length == 0)
        return;
    aq_buffer_add(&masked, at, (size_t)(end - at));
    aq_buffer_free(text);
    *text = masked;
    masked = (struct aq_buffer){0};
}

void aq_secrets_mask(const struct aq_spec *spec, const struct aq_command *command, struct aq_buffer *text)
{
    for (size_t i = 0; i < command->secrets.count; i++) {
        struct aq_error gone = {0}; /* then the command did not have it either */
        aq_autosecret struct aq_buffer value = {0};
        if (aq_secret_read(spec, command->secrets.items[i], &value, &gone) < 0)
            continue;
        mask(text, aq_buffer_text(&value), value.length);
        for (const char *line = aq_buffer_text(&value); *line != '\0';) {
            size_t length = strcspn(line, "\r\n");
            mask(text, line, length);
            line += length + strspn(line + length, "\r\n");
        }
    }
}

void aq_secret_wipe(struct aq_buffer *value)
{
    if (value->data != NULL)
        explicit_bzero(value->data, value->capacity);
    aq_buffer_free(value);
}
