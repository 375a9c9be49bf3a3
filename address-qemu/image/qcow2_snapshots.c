/* SPDX-License-Identifier: MIT */
#include "image/qcow2.h"

#include <inttypes.h>
#include <string.h>

#include "image/endian.h"
#include "image/qcow2_format.h"
#include "util/memory.h"

struct table {
    int fd;
    const struct aq_qcow2_info *info;
    const char *where;
    uint64_t offset; /* of the entry that is read next */
    uint64_t end;    /* of what may be part of the table */
};

/* Reads `length` bytes of the table and goes on behind them. */
static int take(struct table *table, void *data, uint64_t length, struct aq_error *err)
{
    if (length > table->end - table->offset)
        return aq_fail(err, table->end == table->info->file_size ? AQ_E_IMAGE_TRUNCATED : AQ_E_IMAGE_SIZE,
                       "%s has a snapshot table that goes on beyond %" PRIu64 "%s", table->where, table->end,
                       table->end == table->info->file_size ? ", the end of the file" : "; 64M is the most");
    if (aq_qcow2_pread(table->fd, table->where, data, length, table->offset, err) < 0)
        return -1;
    table->offset += length;
    return 0;
}

static int take_text(struct table *table, uint16_t length, char **text, struct aq_error *err)
{
    *text = aq_alloc((size_t)length + 1);
    return take(table, *text, length, err);
}

/* The part that grew with the format: the real size of the VM state, and the disk's size at that time. */
static int take_extra(struct table *table, uint32_t length, struct aq_qcow2_snapshot *snapshot,
                      struct aq_error *err)
{
    uint8_t extra[QCOW2_MAX_SNAPSHOT_EXTRA];
    if (length > sizeof extra)
        return aq_fail(err, AQ_E_IMAGE_SIZE,
                       "%s has a snapshot with %" PRIu32 " bytes of extra data; %d is the most", table->where,
                       length, QCOW2_MAX_SNAPSHOT_EXTRA);
    if (take(table, extra, length, err) < 0)
        return -1;
    if (length >= 8)
        snapshot->vm_state_size = aq_be64(extra);
    if (length >= 16)
        snapshot->virtual_size = aq_be64(extra + 8);
    return 0;
}

static int judge_l1(const struct table *table, uint64_t offset, uint32_t entries, struct aq_error *err)
{
    if ((uint64_t)entries * 8 > QCOW2_MAX_L1)
        return aq_fail(err, AQ_E_IMAGE_SIZE, "%s has a snapshot with an L1 table of %" PRIu32 " entries",
                       table->where, entries);
    return entries == 0 ? 0
                        : aq_qcow2_judge_table(table->info, "snapshot's L1 table", offset,
                                               (uint64_t)entries * 8, table->where, err);
}

static int take_snapshot(struct table *table, struct aq_qcow2_snapshot *snapshot, struct aq_error *err)
{
    uint8_t header[QCOW2_SNAPSHOT_HEADER];
    if (take(table, header, sizeof header, err) < 0 ||
        judge_l1(table, aq_be64(header), aq_be32(header + 8), err) < 0)
        return -1;
    snapshot->date = aq_be32(header + 16);
    snapshot->date_ns = aq_be32(header + 20);
    snapshot->vm_clock_ns = aq_be64(header + 24);
    snapshot->vm_state_size = aq_be32(header + 32);
    if (take_extra(table, aq_be32(header + 36), snapshot, err) < 0 ||
        take_text(table, aq_be16(header + 12), &snapshot->id, err) < 0 ||
        take_text(table, aq_be16(header + 14), &snapshot->name, err) < 0)
        return -1;
    uint64_t padding = (8 - table->offset % 8) % 8;
    table->offset += padding < table->end - table->offset ? padding : table->end - table->offset;
    return 0;
}

int aq_qcow2_read_snapshots(int fd, const struct aq_qcow2_info *info, const char *where,
                            struct aq_qcow2_snapshots *snapshots, struct aq_error *err)
{
    *snapshots = (struct aq_qcow2_snapshots){0};
    if (info->snapshot_count == 0)
        return 0;
    if (aq_qcow2_judge_snapshots(info, where, err) < 0)
        return -1;
    struct table table = {
        .fd = fd, .info = info, .where = where, .offset = info->snapshots_offset, .end = info->file_size};
    if (table.end - table.offset > QCOW2_MAX_SNAPSHOT_TABLE)
        table.end = table.offset + QCOW2_MAX_SNAPSHOT_TABLE;
    snapshots->items = aq_alloc(info->snapshot_count * sizeof *snapshots->items);
    while (snapshots->count < info->snapshot_count)
        if (take_snapshot(&table, &snapshots->items[snapshots->count++], err) < 0) {
            aq_qcow2_snapshots_free(snapshots);
            return -1;
        }
    return 0;
}

void aq_qcow2_snapshots_free(struct aq_qcow2_snapshots *snapshots)
{
    for (size_t i = 0; i < snapshots->count; i++) {
        free(snapshots->items[i].id);
        free(snapshots->items[i].name);
    }
    free(snapshots->items);
    *snapshots = (struct aq_qcow2_snapshots){0};
}
