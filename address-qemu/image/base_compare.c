/* SPDX-License-Identifier: MIT */
/* A request against what is registered under its name already. */
#include "image/base_record.h"

#include <fcntl.h>
#include <string.h>

/* Clones of a base that names a layer stand on the layer, so nothing depends on the base itself. */
int aq_base_refuse_dependents(const char *name, aq_dependents *above, const char *wish, struct aq_error *err)
{
    const struct aq_parent self = {.kind = AQ_PARENT_BASE, .name = (char *)name};
    return aq_refuse_dependents(&self, above, wish, err);
}

/* Is it the disk that is registered, as it was then? A copy is compared by what it was made from. */
static bool same_disk(const struct aq_base *there, const struct aq_base *wanted)
{
    struct aq_pin found;
    if (there->copy != wanted->copy || strcmp(there->layer, wanted->layer) != 0)
        return false;
    if (!there->copy)
        return strcmp(there->path, wanted->path) == 0 && aq_pin_equal(&there->pin, &wanted->pin);
    return wanted->source[0] != '\0' && strcmp(there->source, wanted->source) == 0 &&
           aq_pin_equal(&there->source_pin, &wanted->source_pin) && aq_pin_of_path(there->path, &found) &&
           aq_pin_equal(&there->pin, &found);
}

/* What differs but the disk, as the middle of a sentence; empty when nothing does. */
static void list_differences(const struct aq_base *there, const struct aq_base *wanted, bool digest,
                             struct aq_buffer *text)
{
    if (there->memory != wanted->memory)
        aq_buffer_format(text, "memory=%uM, ", there->memory);
    if (there->cpus != wanted->cpus)
        aq_buffer_format(text, "cpus=%u, ", there->cpus);
    if (there->rexxjs_installed != wanted->rexxjs_installed)
        aq_buffer_format(text, "rexxjs_installed=%s, ", there->rexxjs_installed ? "true" : "false");
    if (strcmp(there->os, wanted->os) != 0)
        aq_buffer_format(text, "os=\"%s\", ", there->os);
    if (digest && there->sha256[0] == '\0')
        aq_buffer_add_text(text, "no digest, ");
    if (wanted->built != NULL && !json_equal(there->built, wanted->built))
        aq_buffer_add_text(text, "another way in which it was built, ");
    if (text->length >= 2)
        text->data[text->length -= 2] = '\0';
}

static int fail_exists(const struct aq_base *there, const char *with, struct aq_error *err)
{
    return aq_fail(err, AQ_E_BASE_EXISTS,
                   "the base %s is registered already, for %s%s%s; say replace=true, or choose another name",
                   there->name, there->source[0] != '\0' ? there->source : there->path,
                   with[0] != '\0' ? " with " : "", with);
}

static int note_digest(struct aq_base *base, struct aq_error *err)
{
    aq_autoclose int fd = open(base->path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? aq_base_check(base, err) : aq_sha256_file(fd, base->path, base->sha256, err);
}

/* Gives the base that is registered the settings of the request. Its disk stays, so clones do not mind. */
static int update(int bases, const struct aq_base *wanted, bool digest, struct aq_base *base,
                  struct aq_error *err)
{
    aq_autobase struct aq_base there = {0};
    aq_autoclose int lock = aq_base_lock_at(bases, wanted->name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0 || aq_base_record_read(bases, wanted->name, &there, err) < 0)
        return -1;
    if (!same_disk(&there, wanted))
        return aq_fail(err, AQ_E_BASE_IN_USE,
                       "another process has just replaced the base %s; look at it and try again", there.name);
    there.memory = wanted->memory;
    there.cpus = wanted->cpus;
    there.rexxjs_installed = wanted->rexxjs_installed;
    free(there.os);
    there.os = aq_strdup(wanted->os);
    if (wanted->built != NULL) {
        json_decref(there.built);
        there.built = json_incref(wanted->built);
    }
    if (digest && there.sha256[0] == '\0' && note_digest(&there, err) < 0)
        return -1;
    if (aq_base_record_write(lock, &there, true, err) < 0)
        return -1;
    *base = there;
    there = (struct aq_base){0};
    return 0;
}

int aq_base_compare(int bases, const struct aq_base *wanted, const struct aq_base_request *request,
                    struct aq_base *base, enum aq_base_outcome *outcome, struct aq_error *err)
{
    struct aq_error absent = {0};
    aq_autobase struct aq_base there = {0};
    aq_autobuffer struct aq_buffer differences = {0};
    if (aq_base_record_read(bases, wanted->name, &there, &absent) < 0)
        return absent.code == AQ_E_BASE_NOT_FOUND ? AQ_BASE_NAME_FREE
                                                  : aq_fail(err, absent.code, "%s", absent.text);
    bool same = same_disk(&there, wanted);
    if (same)
        list_differences(&there, wanted, request->digest, &differences);
    if (same && differences.length == 0) {
        *outcome = AQ_BASE_UNCHANGED;
        *base = there;
        there = (struct aq_base){0};
        return AQ_BASE_NAME_SETTLED;
    }
    if (!request->replace)
        return fail_exists(&there, aq_buffer_text(&differences), err);
    if (!same)
        return aq_base_refuse_dependents(wanted->name, request->dependents, "be replaced", err) < 0
                   ? -1
                   : AQ_BASE_NAME_REPLACE;
    *outcome = AQ_BASE_UPDATED;
    return update(bases, wanted, request->digest, base, err) < 0 ? -1 : AQ_BASE_NAME_SETTLED;
}

/* In the place of the base that is there. */
static int exchange(struct aq_stage *stage, const struct aq_base_request *request, struct aq_error *err)
{
    struct aq_error absent = {0};
    aq_autoclose int lock = aq_base_lock_at(stage->parent, request->name, AQ_LOCK_EXCLUSIVE, &absent);
    if (lock < 0)
        return absent.code == AQ_E_BASE_NOT_FOUND ? 0 : aq_fail(err, absent.code, "%s", absent.text);
    if (aq_base_refuse_dependents(request->name, request->dependents, "be replaced", err) < 0 ||
        aq_stage_exchange(stage, request->name, err) < 0)
        return -1;
    return 1;
}

int aq_base_settle(struct aq_stage *stage, enum aq_base_answer answer, const struct aq_base_request *request,
                   enum aq_base_outcome *outcome, struct aq_error *err)
{
    if (answer == AQ_BASE_NAME_REPLACE) {
        *outcome = AQ_BASE_REPLACED;
        return exchange(stage, request, err);
    }
    *outcome = AQ_BASE_REGISTERED;
    return aq_stage_publish(stage, request->name, true, err);
}
