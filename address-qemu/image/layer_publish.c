/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "image/layer_record.h"
#include "image/qcow2.h"
#include "util/clock.h"
#include "util/files.h"

int aq_layer_stage(const char *id, struct aq_stage *stage, char **folder, struct aq_error *err)
{
    *stage = (struct aq_stage)AQ_STAGE_NONE;
    aq_autoclose int layers = aq_layers_open(err);
    if (layers < 0)
        return -1;
    if (!aq_layer_id_valid(id))
        return aq_fail(err, AQ_E_VALUE_INVALID, "%.80s is not a layer's id: 64 lower-case hexadecimal digits",
                       id);
    aq_stage_sweep(layers);
    if (aq_stage_open(layers, id, stage, err) < 0)
        return -1;
    if (folder != NULL)
        *folder = aq_path_at(stage->parent, stage->name);
    return 0;
}

int aq_layer_make_overlay(const struct aq_stage *stage, const struct aq_parent *parent, uint64_t virtual_size,
                          struct aq_error *err)
{
    aq_autofree char *backing = NULL;
    aq_autofree char *where = aq_path_at(stage->folder, AQ_LAYER_DISK);
    if (aq_parent_backing(parent, &backing, err) < 0)
        return -1;
    if (backing == NULL)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s is to be an overlay, but on nothing", where);
    aq_autoclose int disk = aq_make_file_at(stage->folder, AQ_LAYER_DISK, NULL, 0, 0600, err);
    return disk < 0 ? -1 : aq_qcow2_write_overlay(disk, where, backing, virtual_size, err);
}

/* As strict as with a file from outside, but for the parent. */
static int judge(int fd, const char *where, struct aq_layer *layer, struct aq_error *err)
{
    struct aq_qcow2_info info;
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    aq_autofree char *backing = NULL;
    if (aq_parent_backing(&layer->parent, &backing, err) < 0)
        return -1;
    if (aq_qcow2_in_use(fd))
        return aq_fail(err, AQ_E_IMAGE_IN_USE, "%s is still open for writing in another program", where);
    if (aq_qcow2_read(fd, where, &info, err) < 0 || aq_qcow2_judge(&info, backing, where, err) < 0 ||
        aq_qcow2_read_snapshots(fd, &info, where, &snapshots, err) < 0 ||
        aq_qcow2_check_tables(fd, &info, where, err) < 0)
        return -1;
    layer->virtual_size = info.virtual_size;
    return 0;
}

static int seal(const struct aq_stage *stage, struct aq_layer *layer, bool digest, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_beneath(stage->folder, AQ_LAYER_DISK, O_RDONLY, err);
    aq_autofree char *where = aq_path_at(stage->folder, AQ_LAYER_DISK);
    if (fd < 0 || judge(fd, where, layer, err) < 0)
        return -1;
    if (fchmod(fd, 0400) < 0 || fsync(fd) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep %s", where);
    if (digest && aq_sha256_file(fd, where, layer->sha256, err) < 0)
        return -1;
    return aq_pin_take(fd, where, &layer->seal, err);
}

int aq_layer_publish(struct aq_stage *stage, struct aq_layer *layer, bool digest, struct aq_error *err)
{
    char now[AQ_TIME_TEXT], name[AQ_LAYER_ID_TEXT + sizeof "/" AQ_LAYER_DISK];
    snprintf(name, sizeof name, "%s/%s", layer->id, AQ_LAYER_DISK);
    free(layer->path);
    free(layer->created);
    layer->path = aq_path_at(stage->parent, name);
    layer->created = aq_strdup(aq_now_text(now));
    unlinkat(stage->folder, AQ_LAYER_RECORD, 0); /* of a try that found the id taken */
    if (seal(stage, layer, digest, err) < 0 || aq_layer_record_write(stage->folder, layer, err) < 0)
        return -1;
    return aq_stage_publish(stage, layer->id, true, err);
}
