/* SPDX-License-Identifier: MIT */
#include "keeper/pool.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util/files.h"
#include "util/home.h"
#include "util/keeper.h"
#include "vm/pool.h"

enum {
    LOOK_MS = 10000,   /* between looks at whether members still live */
    RETRY_S = 30,      /* after a failure */
    GIVE_WAY_MS = 500, /* to whoever has just taken one and wants to get on */
};

/* One member more, if one is missing. True when there may be more to do at once. */
static bool fill(struct aq_keeper *keeper, const struct aq_pool *pool, unsigned ready)
{
    struct aq_error failure = {0}, ignored = {0};
    bool failed_lately = pool->failure[0] != '\0' && time(NULL) - pool->failed_at < RETRY_S;
    if (ready >= pool->size || failed_lately)
        return false;
    if (aq_pool_add(pool->template, &failure) == 0) {
        aq_pool_note_failure(pool->template, NULL, &ignored);
        aq_keeper_log(keeper, "the pool of %s has %u of %u", pool->template, ready + 1, pool->size);
        return true;
    }
    if (failure.code == AQ_E_INTERRUPTED)
        return false;
    aq_keeper_log(keeper, "the pool of %s: %s", pool->template, failure.text);
    aq_pool_note_failure(pool->template, failure.text, &ignored);
    return false;
}

/* True when it should be looked at again at once. */
static bool look_at(struct aq_keeper *keeper, const char *template)
{
    aq_autopool struct aq_pool pool = {0};
    struct aq_error reason = {0};
    unsigned ended = 0;
    int loaded = aq_pool_load(template, &pool, &reason);
    if (loaded < 0)
        return false;
    if (loaded == 0) { /* what is left of one that was drained */
        aq_pool_clear_remains(template, &reason);
        return false;
    }
    aq_autoclose int folder = aq_pool_open(template, false, &reason);
    return folder >= 0 && fill(keeper, &pool, aq_pool_trim(folder, pool.size, &ended));
}

static bool look(struct aq_keeper *keeper)
{
    aq_autostrings struct aq_strings templates = {0};
    struct aq_error ignored = {0};
    bool more = false;
    aq_pool_list(&templates, &ignored);
    for (size_t i = 0; i < templates.count; i++)
        more = look_at(keeper, templates.items[i]) || more;
    return more;
}

/* Is there one for the next who comes? */
static bool are_all_stocked(void)
{
    aq_autostrings struct aq_strings templates = {0};
    struct aq_error ignored = {0};
    bool stocked = aq_pool_list(&templates, &ignored) == 0;
    for (size_t i = 0; i < templates.count && stocked; i++) {
        aq_autostrings struct aq_strings ready = {0};
        stocked = aq_pool_ready(templates.items[i], &ready, &ignored) == 0 && ready.count > 0;
    }
    return stocked;
}

/* A replacement takes processor time that the clone which was taken could use now; it can wait, unless
   nothing is left. */
static void give_way(struct aq_keeper *keeper)
{
    aq_deadline until = aq_after_ms(GIVE_WAY_MS);
    while (aq_ms_left(until) > 0 && are_all_stocked())
        if (aq_keeper_wait(keeper, NULL, 0, until) == AQ_KEEPER_END)
            return;
}

static bool is_idle(void *data)
{
    aq_autostrings struct aq_strings templates = {0};
    struct aq_error ignored = {0};
    (void)data;
    return aq_pool_list(&templates, &ignored) == 0 && templates.count == 0;
}

static void work(struct aq_keeper *keeper)
{
    for (;;) {
        bool more = look(keeper);
        if (aq_keeper_may_end(keeper, is_idle, NULL))
            return;
        switch (aq_keeper_wait(keeper, NULL, 0, more ? aq_now() : aq_after_ms(LOOK_MS))) {
        case AQ_KEEPER_END:
            return;
        case AQ_KEEPER_LOOK:
            give_way(keeper);
            break;
        case AQ_KEEPER_DUE:
            break;
        }
    }
}

int aq_pool_keep(char **arguments)
{
    struct aq_keeper keeper = AQ_KEEPER_NONE;
    struct aq_error err = {0};
    int keeps = aq_keeper_become(AQ_POOL_KEEPER, arguments, &keeper, &err);
    if (keeps > 0)
        work(&keeper);
    free(keeper.program);
    free(keeper.identity);
    return keeps < 0;
}
