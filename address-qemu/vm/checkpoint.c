/* SPDX-License-Identifier: MIT */
#include "vm/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest/checkpoint_line.h"
#include "util/files.h"
#include "util/json.h"
#include "util/random.h"

#define FOLDER "checkpoints"
#define STATE "state.json"
#define ORDER "order"

enum { STATE_MAX = 64 * 1024, ORDER_MAX = 16 };

static int open_folder(const char *vm, struct aq_error *err)
{
    aq_autoclose int folder = aq_vm_open(vm, err);
    return folder >= 0 ? aq_open_private_dir_at(folder, FOLDER, err) : -1;
}

static int write_state(int folder, const json_t *state, struct aq_error *err)
{
    aq_autofree char *text = json_dumps(state, JSON_COMPACT);
    if (text == NULL)
        return aq_fail(err, AQ_E_FAILED, "what a script said cannot be noted");
    return aq_replace_unsynced_at(folder, STATE, text, strlen(text), err);
}

int aq_checkpoint_stream_open(const struct aq_vm *vm, const json_t *state,
                              struct aq_checkpoint_stream *stream, struct aq_error *err)
{
    aq_autoclose int folder = open_folder(vm->name, err);
    if (folder < 0)
        return -1;
    aq_random_name(stream->id, sizeof stream->id);
    if (aq_stage_open(folder, stream->id, &stream->stage, err) < 0 ||
        write_state(stream->stage.folder, state, err) < 0)
        return -1;
    int published = aq_stage_publish(&stream->stage, stream->id, false, err);
    return published > 0 ? 0 : aq_fail(err, AQ_E_IO, "a name for a script's progress is taken already");
}

void aq_checkpoint_stream_write(struct aq_checkpoint_stream *stream, const json_t *state)
{
    struct aq_error ignored = {0};
    if (stream->stage.folder >= 0)
        write_state(stream->stage.folder, state, &ignored);
}

static bool read_order(int folder, enum aq_checkpoint_answer *answer)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error ignored = {0};
    return faccessat(folder, ORDER, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
           aq_read_file_at(folder, ORDER, ORDER_MAX, &text, &ignored) == 0 &&
           aq_checkpoint_answer_find(aq_buffer_text(&text), text.length, answer);
}

bool aq_checkpoint_stream_order(struct aq_checkpoint_stream *stream, enum aq_checkpoint_answer *answer)
{
    return stream->stage.folder >= 0 && read_order(stream->stage.folder, answer);
}

void aq_checkpoint_stream_clear_order(struct aq_checkpoint_stream *stream)
{
    if (stream->stage.folder >= 0)
        unlinkat(stream->stage.folder, ORDER, 0);
}

void aq_checkpoint_stream_close(struct aq_checkpoint_stream *stream)
{
    struct aq_error ignored = {0};
    if (stream->stage.folder >= 0 && stream->stage.published)
        aq_folder_remove(stream->stage.parent, stream->id, &ignored);
    aq_stage_close(&stream->stage);
}

/* Removes it if its process is gone: true. */
static bool sweep(int folder, const char *id)
{
    int lock = -1;
    struct aq_error ignored = {0};
    if (aq_folder_lock(folder, id, AQ_LOCK_EXCLUSIVE, 0, &lock, &ignored) != AQ_LOCK_HELD)
        return false;
    aq_folder_remove(folder, id, &ignored);
    close(lock);
    return true;
}

static json_t *read_state(int folder, const char *id)
{
    aq_autofree char *path = aq_format("%s/" STATE, id);
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error ignored = {0};
    if (aq_read_file_at(folder, path, STATE_MAX, &text, &ignored) < 0)
        return NULL;
    return json_loadb(aq_buffer_text(&text), text.length, 0, NULL);
}

static void add_stream(int folder, const char *vm, const char *id, json_t *streams)
{
    json_t *state = read_state(folder, id);
    enum aq_checkpoint_answer order;
    if (!json_is_object(state)) { /* it has just ended */
        json_decref(state);
        return;
    }
    aq_autoclose int own = openat(folder, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    json_object_set_new(state, "vm", json_string(vm));
    json_object_set_new(state, "id", json_string(id));
    if (own >= 0 && read_order(own, &order))
        json_object_set_new(state, "order", json_string(aq_checkpoint_answer_name(order)));
    json_array_append_new(streams, state);
}

int aq_checkpoint_streams(const char *vm, json_t *streams, struct aq_error *err)
{
    aq_autoclose int own = aq_vm_open(vm, err);
    if (own < 0)
        return -1;
    aq_autoclose int folder = openat(own, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    aq_autostrings struct aq_strings ids = {0};
    if (folder < 0)
        return errno == ENOENT
                   ? 0
                   : aq_fail_errno(err, AQ_E_IO, errno, "cannot look at the scripts that run in %s", vm);
    aq_stage_sweep(folder);
    if (aq_folder_list(folder, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++)
        if (!sweep(folder, ids.items[i]))
            add_stream(folder, vm, ids.items[i], streams);
    return 0;
}

static const json_t *find_stream(const json_t *streams, const char *id)
{
    size_t index;
    const json_t *stream;
    json_array_foreach((json_t *)streams, index,
                       stream) if (id == NULL ||
                                   strcmp(aq_json_text(stream, "id", ""), id) == 0) return stream;
    return NULL;
}

int aq_checkpoint_stream_tell(const char *vm, const char *id, enum aq_checkpoint_answer answer,
                              char found[AQ_STREAM_ID], struct aq_error *err)
{
    aq_autojson json_t *streams = json_array();
    if (aq_checkpoint_streams(vm, streams, err) < 0)
        return -1;
    const json_t *stream = find_stream(streams, id);
    if (stream == NULL)
        return aq_fail(
            err, AQ_E_CHECKPOINT_NOT_FOUND,
            "no script%s%s that could be answered runs in the VM %s; `checkpoint_status` shows those "
            "there are",
            id != NULL ? " " : "", id != NULL ? id : "", vm);
    if (id == NULL && json_array_size(streams) > 1)
        return aq_fail(
            err, AQ_E_VALUE_INVALID,
            "%zu scripts run in the VM %s; say which by stream=, as `checkpoint_status` lists them",
            json_array_size(streams), vm);
    snprintf(found, AQ_STREAM_ID, "%s", aq_json_text(stream, "id", ""));
    aq_autoclose int folder = open_folder(vm, err);
    const char *name = aq_checkpoint_answer_name(answer);
    aq_autoclose int own =
        folder >= 0 ? openat(folder, found, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (own < 0)
        return aq_fail(err, AQ_E_CHECKPOINT_NOT_FOUND, "the script in the VM %s has just ended", vm);
    return aq_replace_unsynced_at(own, ORDER, name, strlen(name), err);
}
