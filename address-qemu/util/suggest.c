/* SPDX-License-Identifier: MIT */
#include "util/suggest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 48 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Optimal string alignment distance: insertions, deletions, changes, and neighbours swapped. */
static int distance(const char *a, const char *b)
{
    int a_length = (int)strlen(a), b_length = (int)strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return LONGEST;
    int rows[3][LONGEST + 1]; /* this row of the matrix and the two before it */
    for (int j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (int i = 1; i <= a_length; i++) {
        int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int same = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *aq_suggest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    int best_distance = (int)strlen(word) / 3 + 2; /* a third of it may be wrong, and one more */
    for (size_t i = 0; i < count; i++) {
        int found = distance(word, candidates[i]);
        if (found < best_distance) {
            best_distance = found;
            best = candidates[i];
        }
    }
    return best;
}

int aq_fail_unknown(struct aq_error *err, enum aq_error_code code, const char *absent, const char *word,
                    const struct aq_strings *known, const char *otherwise)
{
    const char *near = aq_suggest(word, (const char *const *)known->items, known->count);
    return near != NULL ? aq_fail(err, code, "%s; did you mean %s?", absent, near)
                        : aq_fail(err, code, "%s; %s", absent, otherwise);
}
