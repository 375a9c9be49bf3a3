/* SPDX-License-Identifier: MIT */
#include "vm/pool.h"

#include <string.h>

#include "command/verb.h"
#include "image/base.h"
#include "util/keeper.h"
#include "vm/memory.h"
#include "vm/template_make.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"action", AQ_TYPE_CHOICE, .choices = "keep|status|drain", .positional = true, .fallback = "keep",
     .meaning =
         "`keep` sets a pool up or changes its size, `status` tells of those there are, `drain` ends them"},
    {"template", AQ_TYPE_NAME, .meaning = "the template whose clones are kept ready"},
    {"base", AQ_TYPE_NAME,
     .meaning =
         "a base instead: the pool is of the template that `clone base=` would take, which is made if there "
         "is none"},
    {"size", AQ_TYPE_COUNT, .min = 1, .max = 1000, .meaning = "how many clones are to be ready"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many pools there are, or were drained"},
    {"POOLS.n.TEMPLATE", "the template of one; also `SIZE` and `READY`, how many there are to be and are"},
    {"POOLS.n.FAILURE", "why the latest try to make one failed; also `FAILED`, when"},
    {"ENDED", "drain: how many clones were ended"},
    {"KEEPER_PID", "the process that keeps them, while there is one"},
    {NULL},
};

const struct aq_verb aq_verb_pool = {
    .name = "pool",
    .group = "Templates",
    .summary = "Keep clones of a template ready, so that the next one is there at once",
    .details =
        "A process in the background keeps that many clones ready, after this script too, and ends when "
        "there is no "
        "pool any more. They take memory, but no CPU. `clone` and `provision` take one of them where they "
        "would make "
        "a clone of the template - `QEMU_CLONE_MODE` says `pool`. After a start of the host the next `clone` "
        "or `pool` fills it up again.",
    .params = params,
    .sets = sets,
    .example = "pool base=debian size=4",
    .run = run,
};

static void progress(void *data, const char *line)
{
    aq_progress(data, "template of %s: %s", aq_arg_text(data, "base"), line);
}

/* It takes a boot: that there is room for its clones is asked before. */
static char *make_template(struct aq_call *call, const char *base, struct aq_error *err)
{
    aq_autobase struct aq_base from = {0};
    aq_autotemplate struct aq_template template = {0};
    const struct aq_template_request wanted = {
        .name = base, .base = base, .settle_ms = 60000, .progress = progress, .progress_data = call};
    uint64_t count = (uint64_t)aq_arg_number(call, "size");
    if (aq_base_load(base, &from, err) < 0 || aq_memory_check(count, aq_memory_of_vm(from.memory), err) < 0 ||
        aq_template_make(&wanted, &template, err) < 0)
        return NULL;
    return aq_strdup(base);
}

/* The template that is meant; free() it. NULL with an error, or without when none is named. */
static char *template_of(struct aq_call *call, bool make, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "template"), *base = aq_arg_text(call, "base");
    const struct aq_clone_request request = {.base = base};
    aq_autotemplate struct aq_template template = {0};
    char why[256];
    if (name != NULL || base == NULL)
        return name != NULL ? aq_strdup(name) : NULL;
    int found = aq_template_find(&request, &template, why, err);
    if (found > 0)
        return aq_strdup(template.name);
    if (found < 0 || !make) {
        if (found == 0)
            aq_fail(err, AQ_E_TEMPLATE_NOT_FOUND, "%s", why);
        return NULL;
    }
    return make_template(call, base, err);
}

static int add_row(struct aq_call *call, struct aq_table *table, const char *template, struct aq_error *err)
{
    aq_autostrings struct aq_strings ready = {0};
    aq_autopool struct aq_pool pool = {0};
    struct aq_error damaged = {0};
    if (aq_pool_ready(template, &ready, err) < 0)
        return -1;
    int loaded = aq_pool_load(template, &pool, &damaged);
    aq_table_row(table);
    aq_table_text(table, "TEMPLATE", template);
    aq_table_int(table, "SIZE", pool.size);
    aq_table_int(table, "READY", (int64_t)ready.count);
    if (loaded < 0)
        aq_table_text(table, "FAILURE", damaged.text);
    else if (pool.failure != NULL && pool.failure[0] != '\0') {
        aq_table_text(table, "FAILURE", pool.failure);
        aq_table_text(table, "FAILED", pool.failed);
    }
    aq_result_say_more(call->result, "%-24s %5u %5zu  %s\n", template, pool.size, ready.count,
                       loaded < 0             ? damaged.text
                       : pool.failure != NULL ? pool.failure
                                              : "");
    return 0;
}

static int status(struct aq_call *call, struct aq_error *err)
{
    struct aq_keeper_info keeper;
    aq_autostrings struct aq_strings names = {0};
    if (aq_pool_list(&names, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(call->result, "POOLS");
    if (names.count > 0)
        aq_result_say_more(call->result, "%-24s %5s %5s  %s\n", "TEMPLATE", "SIZE", "READY", "FAILURE");
    else
        aq_result_say(call->result, "there is no pool");
    for (size_t i = 0; i < names.count; i++)
        if (add_row(call, table, names.items[i], err) < 0)
            return -1;
    aq_result_set_int(call->result, "COUNT", (int64_t)names.count);
    if (aq_keeper_find(AQ_POOL_KEEPER, &keeper, err) > 0)
        aq_result_set_int(call->result, "KEEPER_PID", keeper.process.pid);
    return 0;
}

static int keep(struct aq_call *call, struct aq_error *err)
{
    unsigned size = (unsigned)aq_arg_number(call, "size");
    if (!aq_arg_given(call, "size"))
        return aq_fail(err, AQ_E_KEY_MISSING, "pool needs size=, how many clones are to be ready");
    aq_autofree char *template = template_of(call, true, err);
    if (template == NULL)
        return err->code != AQ_OK
                   ? -1
                   : aq_fail(err, AQ_E_KEY_MISSING,
                             "pool needs template= or base=, what is to be kept ready; or one of "
                             "`pool status` and `pool drain`");
    if (aq_pool_set(template, size, err) < 0)
        return -1;
    return status(call, err);
}

/* The pools that are meant. One whose template is gone can be given up, too; a name that is neither a pool's
 * nor a template's is a mistake. */
static int pools_of(struct aq_call *call, struct aq_strings *names, struct aq_error *err)
{
    aq_autostrings struct aq_strings all = {0};
    aq_autotemplate struct aq_template record = {0};
    aq_autofree char *template = template_of(call, false, err);
    if (err->code != AQ_OK)
        return -1;
    if (template == NULL)
        return aq_pool_list(names, err);
    if (aq_pool_list(&all, err) < 0)
        return -1;
    if (!aq_strings_has(&all, template))
        return aq_template_load(template, &record, err);
    aq_strings_add(names, template);
    return 0;
}

static int drain(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    unsigned all = 0;
    if (pools_of(call, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        unsigned count;
        if (aq_pool_drain(names.items[i], &count, err) < 0)
            return -1;
        all += count;
    }
    aq_result_set_int(call->result, "COUNT", (int64_t)names.count);
    aq_result_set_int(call->result, "ENDED", all);
    aq_result_say(call->result, "drained %zu pool%s with %u clone%s", names.count,
                  names.count == 1 ? "" : "s", all, all == 1 ? "" : "s");
    return names.count > 0 && aq_keeper_nudge(AQ_POOL_KEEPER, err) < 0 ? -1 : 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *action = aq_arg_text(call, "action");
    if (strcmp(action, "status") == 0)
        return status(call, err);
    if (strcmp(action, "drain") == 0)
        return drain(call, err);
    if (aq_arg_given(call, "template") && aq_arg_given(call, "base"))
        return aq_fail(err, AQ_E_VALUE_INVALID, "pool takes template= or base=, not both");
    return keep(call, err);
}
