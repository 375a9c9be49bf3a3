/* SPDX-License-Identifier: MIT */
#include "command/audit.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/arguments.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/json_bytes.h"
#include "util/url.h"

#define LOG "audit.log"
#define MASK "***"

enum {
    KEPT = 4,            /* older files, beside the one that is written */
    ROTATE_AT = 4 << 20, /* bytes */
    READ_MAX = 2 * ROTATE_AT,
    VALUE_MAX = 512, /* bytes of a parameter; a script may pass a megabyte */
    VERB_MAX = 64,
    USER_MAX = 64,
};

static json_t *loggable_argument(const struct aq_argument *argument)
{
    if (argument->param->secret)
        return json_string(MASK);
    if (argument->param->type != AQ_TYPE_URL)
        return aq_json_bytes(argument->text, argument->length, VALUE_MAX);
    aq_autofree char *url = aq_url_text(argument->text);
    return aq_json_bytes(url, strlen(url), VALUE_MAX);
}

static json_t *parameters(const struct aq_call *call)
{
    json_t *given = json_object();
    for (size_t i = 0; i < call->argument_count; i++) {
        const struct aq_argument *argument = &call->arguments[i];
        if (argument->given)
            json_object_set_new(given, argument->param->name, loggable_argument(argument));
    }
    return given;
}

/* The user's name, looked up once: that may take longer than all the rest. */
static const char *user_name(uid_t uid)
{
    static _Thread_local char name[USER_MAX];
    static _Thread_local uid_t whose;
    if (name[0] != '\0' && whose == uid)
        return name;
    char room[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, room, sizeof room, &found) != 0 || found == NULL)
        snprintf(name, sizeof name, "%u", (unsigned)uid);
    else
        snprintf(name, sizeof name, "%s", entry.pw_name);
    whose = uid;
    return name;
}

static void set_warnings(json_t *entry, const struct aq_strings *warnings)
{
    if (warnings->count == 0)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < warnings->count; i++)
        json_array_append_new(list, aq_json_bytes(warnings->items[i], strlen(warnings->items[i]), VALUE_MAX));
    json_object_set_new(entry, "policy", list);
}

static json_t *entry_of(const struct aq_call *call, const char *verb, enum aq_error_code outcome,
                        aq_deadline started)
{
    char now[AQ_TIME_TEXT];
    uid_t uid = getuid();
    json_t *entry = json_object();
    json_object_set_new(entry, "time", json_string(aq_now_text(now)));
    json_object_set_new(entry, "user", aq_json_bytes(user_name(uid), strlen(user_name(uid)), USER_MAX));
    json_object_set_new(entry, "uid", json_integer(uid));
    json_object_set_new(entry, "pid", json_integer(getpid()));
    json_object_set_new(entry, "verb",
                        call->verb != NULL ? json_string(call->verb->name)
                                           : aq_json_bytes(verb, strlen(verb), VERB_MAX));
    json_object_set_new(entry, "parameters", parameters(call));
    json_object_set_new(entry, "outcome", json_string(outcome == AQ_OK ? "ok" : aq_error_name(outcome)));
    json_object_set_new(entry, "duration_ms", json_integer((aq_now() - started) / 1000000));
    return entry;
}

static char *old_name(int number)
{
    return number == 0 ? aq_strdup(LOG) : aq_format(LOG ".%d", number);
}

/* Several may find it full at once: the lock is on the full file itself, and only who still finds it under
   its name moves it. Those who have it open meanwhile append to what is the first old one by then. */
static void rotate(int home, int log)
{
    struct stat opened, named;
    if (flock(log, LOCK_EX) < 0 || fstat(log, &opened) < 0 ||
        fstatat(home, LOG, &named, AT_SYMLINK_NOFOLLOW) < 0 || opened.st_ino != named.st_ino)
        return;
    for (int number = KEPT; number > 0; number--) {
        aq_autofree char *from = old_name(number - 1);
        aq_autofree char *to = old_name(number);
        renameat(home, from, home, to);
    }
}

static void append(int home, const char *line, size_t length)
{
    aq_autoclose int log =
        openat(home, LOG, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat st;
    struct aq_error ignored = {0};
    if (log < 0 || fstat(log, &st) < 0 || !S_ISREG(st.st_mode) ||
        aq_write_all(log, line, length, &ignored) < 0)
        return;
    if (st.st_size >= ROTATE_AT)
        rotate(home, log);
}

void aq_audit(const struct aq_call *call, const char *verb, enum aq_error_code outcome, aq_deadline started,
              const struct aq_strings *warnings)
{
    struct aq_error ignored = {0};
    aq_autoclose int home = aq_open_home(&ignored);
    if (home < 0)
        return;
    aq_autojson json_t *entry = entry_of(call, verb, outcome, started);
    set_warnings(entry, warnings);
    aq_autofree char *text = json_dumps(entry, JSON_COMPACT);
    if (text == NULL)
        return;
    aq_autofree char *line = aq_format("%s\n", text);
    append(home, line, strlen(line));
}

static bool is(const json_t *object, const char *key, const char *wanted)
{
    return strcmp(aq_json_text(object, key, ""), wanted) == 0;
}

static bool has_outcome(const json_t *entry, const char *wanted)
{
    if (strcasecmp(wanted, "failed") == 0)
        return !is(entry, "outcome", "ok");
    return strcasecmp(aq_json_text(entry, "outcome", ""), wanted) == 0;
}

static bool is_wanted(const struct aq_audit_filter *filter, const json_t *entry)
{
    const char *time = aq_json_text(entry, "time", "");
    const json_t *given = json_object_get(entry, "parameters");
    return (filter->verb == NULL || is(entry, "verb", filter->verb)) &&
           (filter->user == NULL || is(entry, "user", filter->user)) &&
           (filter->vm == NULL || is(given, "vm", filter->vm) || is(given, "name", filter->vm) ||
            is(given, "new_name", filter->vm)) &&
           (filter->outcome == NULL || has_outcome(entry, filter->outcome)) &&
           (filter->since == NULL || strcmp(time, filter->since) >= 0) &&
           (filter->until == NULL || strncmp(time, filter->until, strlen(filter->until)) <= 0);
}

/* Puts the last lines of one file in front of those that are there already, until there are enough. */
static int read_file(int home, const char *name, const struct aq_audit_filter *filter, size_t lines,
                     json_t *entries, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    if (aq_read_file_at(home, name, READ_MAX, &text, &reason) < 0)
        return reason.code == AQ_E_FILE_NOT_FOUND ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    const char *start = aq_buffer_text(&text), *end = start + text.length;
    while (end > start && json_array_size(entries) < lines) {
        const char *last = end - 1; /* its line feed */
        const char *before = memrchr(start, '\n', (size_t)(last - start));
        const char *line = before != NULL ? before + 1 : start;
        json_t *entry = json_loadb(line, (size_t)(end - line), 0, NULL);
        if (json_is_object(entry) &&
            is_wanted(filter, entry)) /* one that was torn when the power failed says nothing */
            json_array_insert_new(entries, 0, entry);
        else
            json_decref(entry);
        end = line;
    }
    return 0;
}

json_t *aq_audit_read(const struct aq_audit_filter *filter, size_t lines, struct aq_error *err)
{
    aq_autoclose int home = aq_open_home(err);
    if (home < 0)
        return NULL;
    aq_autojson json_t *entries = json_array();
    for (int number = 0; number <= KEPT && json_array_size(entries) < lines; number++) {
        aq_autofree char *name = old_name(number);
        if (read_file(home, name, filter, lines, entries, err) < 0)
            return NULL;
    }
    return aq_steal_ptr(&entries);
}

char *aq_audit_path(struct aq_error *err)
{
    aq_autofree char *home = aq_home_path(err);
    return home != NULL ? aq_format("%s/" LOG, home) : NULL;
}
