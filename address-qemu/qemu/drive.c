/* SPDX-License-Identifier: MIT */
#include "qemu/drive.h"

#include <stdio.h>
#include <string.h>

#include "qemu/machine.h"
#include "util/json.h"

#define CONTROLLER "cd-bus"
#define DRIVE "cd0"
#define DISC "disc0"

enum { BACK_MS = 5000, LOOK_AGAIN_MS = 200 };

json_t *aq_drive_controller(void)
{
    char port[32];
    snprintf(port, sizeof port, AQ_HOTPLUG_PORT, 0U);
    return json_pack("{s:s, s:s, s:s}", "driver", "virtio-scsi-pci", "id", CONTROLLER, "bus", port);
}

json_t *aq_drive_device(bool disc)
{
    json_t *device = json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:i}", "driver", "scsi-cd", "id", DRIVE, "bus",
                               CONTROLLER ".0", "scsi-id", 0, "lun", 0, "serial", DRIVE, "bootindex",
                               AQ_MACHINE_MAX_DISKS + 1);
    if (disc)
        json_object_set_new(device, "drive", json_string(DISC));
    return device;
}

json_t *aq_drive_disc(const char *path)
{
    return json_pack("{s:s, s:s, s:b, s:{s:s, s:s, s:s}}", "driver", "raw", "node-name", DISC, "read-only", 1,
                     "file", "driver", "file", "filename", path, "aio", "threads");
}

static int tell(struct aq_qmp *qmp, const char *command, json_t *arguments, aq_deadline deadline,
                struct aq_error *err)
{
    return aq_qmp_command(qmp, command, arguments, deadline, NULL, err);
}

/* For taking back what was half done. */
static void take_back(struct aq_qmp *qmp, const char *command, json_t *arguments)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    tell(qmp, command, arguments, aq_after_ms(BACK_MS), &ignored);
    aq_interrupt_release();
}

/* Has the machine that device? 1, 0, -1. */
static int has_device(struct aq_qmp *qmp, const char *id, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *devices = NULL;
    if (aq_qmp_command(qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral"), deadline, &devices,
                       err) < 0)
        return -1;
    size_t i;
    json_t *device;
    json_array_foreach(devices, i, device)
    {
        if (strcmp(aq_json_text(device, "name", ""), id) == 0)
            return 1;
    }
    return 0;
}

static int add_controller(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    int has = has_device(qmp, CONTROLLER, deadline, err);
    return has != 0 ? has : tell(qmp, "device_add", aq_drive_controller(), deadline, err);
}

/* A drive that is there is opened, filled and closed; a new one comes with the disc in it. */
static int fill_drive(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    int has = has_device(qmp, DRIVE, deadline, err);
    if (has <= 0)
        return has < 0 || add_controller(qmp, deadline, err) < 0
                   ? -1
                   : tell(qmp, "device_add", aq_drive_device(true), deadline, err);
    if (tell(qmp, "blockdev-open-tray", json_pack("{s:s, s:b}", "id", DRIVE, "force", 1), deadline, err) <
            0 ||
        tell(qmp, "blockdev-insert-medium", json_pack("{s:s, s:s}", "id", DRIVE, "node-name", DISC), deadline,
             err) < 0)
        return -1;
    return tell(qmp, "blockdev-close-tray", json_pack("{s:s}", "id", DRIVE), deadline, err);
}

int aq_drive_insert(struct aq_qmp *qmp, const char *path, aq_deadline deadline, struct aq_error *err)
{
    if (tell(qmp, "blockdev-add", aq_drive_disc(path), deadline, err) < 0)
        return -1;
    if (fill_drive(qmp, deadline, err) == 0)
        return 0;
    take_back(qmp, "blockdev-remove-medium", json_pack("{s:s}", "id", DRIVE));
    take_back(qmp, "blockdev-del", json_pack("{s:s}", "node-name", DISC));
    return -1;
}

/* What QEMU says of the drive. */
struct drive {
    bool there, disc, locked, open;
};

static int look(struct aq_qmp *qmp, struct drive *drive, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *devices = NULL;
    if (aq_qmp_command(qmp, "query-block", NULL, deadline, &devices, err) < 0)
        return -1;
    *drive = (struct drive){0};
    size_t i;
    json_t *device;
    json_array_foreach(devices, i, device)
    {
        if (strcmp(aq_json_text(device, "qdev", ""), DRIVE) == 0)
            *drive = (struct drive){.there = true,
                                    .disc = json_object_get(device, "inserted") != NULL,
                                    .locked = aq_json_bool(device, "locked", false),
                                    .open = aq_json_bool(device, "tray_open", false)};
    }
    return 0;
}

/* 1 it is open, 0 the guest keeps it shut, -1. QEMU passes the wish on to a guest that has locked it. */
static int open_tray(struct aq_qmp *qmp, bool force, aq_deadline deadline, struct aq_error *err)
{
    struct drive drive;
    aq_deadline answer = aq_after_ms(BACK_MS);
    if (tell(qmp, "blockdev-open-tray", json_pack("{s:s, s:b}", "id", DRIVE, "force", (int)force), answer,
             err) < 0)
        return -1;
    for (;;) {
        if (look(qmp, &drive, aq_after_ms(BACK_MS), err) < 0)
            return -1;
        if (drive.open || aq_ms_left(deadline) == 0)
            return drive.open;
        if (aq_sleep_until(aq_after_ms(LOOK_AGAIN_MS), err) < 0)
            return -1;
    }
}

int aq_drive_eject(struct aq_qmp *qmp, bool force, aq_deadline deadline, struct aq_error *err)
{
    struct drive drive;
    if (look(qmp, &drive, aq_after_ms(BACK_MS), err) < 0)
        return -1;
    if (!drive.there || !drive.disc)
        return 1;
    int open = drive.open ? 1 : open_tray(qmp, force, deadline, err);
    if (open <= 0)
        return open;
    aq_deadline answer = aq_after_ms(BACK_MS);
    if (tell(qmp, "blockdev-remove-medium", json_pack("{s:s}", "id", DRIVE), answer, err) < 0 ||
        tell(qmp, "blockdev-close-tray", json_pack("{s:s}", "id", DRIVE), answer, err) < 0 ||
        tell(qmp, "blockdev-del", json_pack("{s:s}", "node-name", DISC), answer, err) < 0)
        return -1;
    return 1;
}
