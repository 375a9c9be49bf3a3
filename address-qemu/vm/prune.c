/* SPDX-License-Identifier: MIT */
#include "vm/prune.h"

#include <string.h>
#include <time.h>

#include "image/layer.h"
#include "util/clock.h"
#include "vm/vm.h"

/* What a record that cannot be read says may be just what is needed. */
static int check_readable(const struct aq_descent *descent, struct aq_error *err)
{
    for (size_t i = 0; i < descent->count; i++) {
        const struct aq_descent_node *node = &descent->nodes[i];
        if (strcmp(node->status, "broken") == 0)
            return aq_fail(err, AQ_E_RECORD_INVALID,
                           "nothing is removed while it is not known what the %s %s needs: %s",
                           aq_descent_kind_name(node->kind), node->name, node->details);
    }
    return 0;
}

/* The times of records are in a format in which earlier is less. */
static bool old_enough(const struct aq_descent_node *node, int64_t older_than)
{
    char limit[AQ_TIME_TEXT];
    return older_than <= 0 ||
           strcmp(node->created, aq_time_text(time(NULL) - (time_t)older_than, limit)) <= 0;
}

/* Removes one and tells so: 1 it is gone (or would be), 0 not, -1 interrupted. */
static int remove_one(const struct aq_prune *prune, const struct aq_descent_node *node,
                      struct aq_error *failure, struct aq_error *err)
{
    struct aq_error reason = {0};
    if (prune->dry_run || aq_layer_remove(node->name, aq_vm_dependents, &reason) == 0) {
        prune->told(prune->data, node, NULL);
        return 1;
    }
    if (reason.code == AQ_E_INTERRUPTED)
        return aq_fail(err, reason.code, "%s", reason.text);
    if (reason.code == AQ_E_LAYER_IN_USE || reason.code == AQ_E_LAYER_NOT_FOUND)
        return 0; /* somebody has taken to it, or removed it, meanwhile */
    prune->told(prune->data, node, &reason);
    aq_fail(failure, reason.code, "the layer %s could not be removed: %s", node->name, reason.text);
    return 0;
}

int aq_prune(const struct aq_prune *prune, struct aq_error *err)
{
    aq_autodescent struct aq_descent descent = {0};
    struct aq_error failure = {0};
    if (aq_descent_read(&descent, err) < 0 || check_readable(&descent, err) < 0)
        return -1;
    for (size_t i = descent.count; i-- > 0;) { /* what stands on something comes behind it */
        const struct aq_descent_node *node = &descent.nodes[i];
        if (node->kind != AQ_DESCENT_LAYER || node->children > 0 || node->kept ||
            !old_enough(node, prune->older_than))
            continue;
        int removed = remove_one(prune, node, &failure, err);
        if (removed < 0)
            return -1;
        if (removed > 0 && node->parent != AQ_DESCENT_ROOT)
            descent.nodes[node->parent].children--;
    }
    return failure.code == AQ_OK ? 0 : aq_fail(err, failure.code, "%s", failure.text);
}
