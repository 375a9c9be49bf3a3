/* SPDX-License-Identifier: MIT */
#include "command/verb.h"
#include "modify/listing.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"a", AQ_TYPE_TEXT, .required = true,
     .meaning = "a base, NAME@NUMBER for a generation of one, or a layer"},
    {"b", AQ_TYPE_TEXT, .required = true, .meaning = "what it is compared with; as a"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many files, folders and links differ"},
    {"FILES.n.PATH",
     "one of them; also `CHANGE` (`added`, `removed`, `changed`), `WHAT` changed and `SIZE` (bytes)"},
    {NULL},
};

const struct aq_verb aq_verb_diff = {
    .name = "diff",
    .group = "Images",
    .summary = "List the files in which two images differ",
    .details = "Nothing is booted. Contents are compared by size and time of change. A layer is named by its "
               "id or the "
               "start of it.",
    .params = params,
    .sets = sets,
    .example = "diff a=app@1 b=app",
    .read_only = true,
    .run = run,
};

struct teller {
    struct aq_call *call;
    struct aq_table *table;
    int64_t count;
};

static void say(void *data, const char *line)
{
    aq_progress(data, "%s", line);
}

static void tell(void *data, enum aq_difference difference, const struct aq_name_entry *entry,
                 const char *what)
{
    static const char *const names[] = {
        [AQ_ADDED] = "added", [AQ_REMOVED] = "removed", [AQ_CHANGED] = "changed"};
    static const char marks[] = {[AQ_ADDED] = '+', [AQ_REMOVED] = '-', [AQ_CHANGED] = '*'};
    struct teller *teller = data;
    aq_table_row(teller->table);
    aq_table_text(teller->table, "PATH", entry->path);
    aq_table_text(teller->table, "CHANGE", names[difference]);
    aq_table_text(teller->table, "WHAT", what);
    aq_table_int(teller->table, "SIZE", (int64_t)entry->size);
    aq_result_say_more(teller->call->result, "%c %s%s%s\n", marks[difference], entry->path,
                       what[0] != '\0' ? "  " : "", what);
    teller->count++;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autoreference struct aq_reference a = {0}, b = {0};
    aq_autolisting struct aq_listing first = {0}, second = {0};
    if (aq_reference_find(aq_arg_text(call, "a"), &a, err) < 0 ||
        aq_reference_find(aq_arg_text(call, "b"), &b, err) < 0 ||
        aq_listing_read(&a, say, call, &first, err) < 0 || aq_listing_read(&b, say, call, &second, err) < 0)
        return -1;
    struct teller teller = {.call = call, .table = aq_result_table(call->result, "FILES")};
    aq_result_say(call->result, "%s", "");
    aq_listing_compare(&first, &second, tell, &teller);
    aq_result_set_int(call->result, "COUNT", teller.count);
    if (teller.count == 0)
        aq_result_say(call->result, "no file differs");
    return 0;
}
