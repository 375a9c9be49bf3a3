/* SPDX-License-Identifier: MIT */
#include "qemu/migrate.h"

#include <string.h>

#include "util/json.h"
#include "util/memory.h"

enum { QMP_MS = 60000, SAVE_MS = 600000 };

/* The name under which QEMU gets the file. */
#define NAME "state"

#define WITHOUT_SHARED "x-ignore-shared"

static json_t *capabilities(bool without_shared)
{
    return json_pack("{s:[{s:s, s:b}, {s:s, s:b}]}", "capabilities", "capability", WITHOUT_SHARED, "state",
                     without_shared, "capability", "events", "state", 1);
}

int aq_migrate_wait(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        aq_autojson json_t *data = NULL;
        int came = aq_qmp_wait_event(qmp, "MIGRATION", deadline, &data, err);
        const char *status = aq_json_text(data, "status", "");
        if (came < 0)
            return -1;
        if (came == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "QEMU takes too long with its state");
        if (strcmp(status, "completed") == 0)
            return 0;
        if (strcmp(status, "failed") == 0)
            return aq_fail(err, AQ_E_QMP_FAILED, "QEMU failed with its state");
    }
}

int aq_migrate_save(struct aq_qmp *qmp, int file, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(QMP_MS);
    json_t *unlimited = json_pack("{s:I}", "max-bandwidth", INT64_C(1) << 40);
    if (aq_qmp_command(qmp, "migrate-set-parameters", unlimited, deadline, NULL, err) < 0 ||
        aq_qmp_command(qmp, "migrate-set-capabilities", capabilities(true), deadline, NULL, err) < 0 ||
        aq_qmp_give_fd(qmp, file, NAME, deadline, err) < 0)
        return -1;
    aq_qmp_forget_events(qmp);
    if (aq_qmp_command(qmp, "migrate", json_pack("{s:s}", "uri", "fd:" NAME), deadline, NULL, err) < 0)
        return -1;
    return aq_migrate_wait(qmp, aq_after_ms(SAVE_MS), err);
}

json_t *aq_migrate_load_commands(int file, bool without_shared)
{
    aq_autofree char *uri = aq_format("fd:%d", file);
    return json_pack("[{s:s, s:o}, {s:s, s:{s:s}}]", "execute", "migrate-set-capabilities", "arguments",
                     capabilities(without_shared), "execute", "migrate-incoming", "arguments", "uri", uri);
}

int aq_migrate_whole_again(struct aq_qmp *qmp, struct aq_error *err)
{
    return aq_qmp_command(qmp, "migrate-set-capabilities", capabilities(false), aq_after_ms(QMP_MS), NULL,
                          err);
}
