/* SPDX-License-Identifier: MIT */
/*
 * translate FILE: what it costs to look through a script and to translate it, and what Regina's own reading
 * of it costs, in one process and in turns: the medians of 15, in nanoseconds of processor time.
 *
 * Regina reads a script whole before it runs any of it; the first clause ends it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dialect/source.h"
#include "environment/rexx.h"
#include "util/memory.h"

#define TURNS 15

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double ours(const struct aq_buffer *text)
{
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits;
    struct aq_source_problem problem;
    double started = now();
    if (aq_source_prepare(text->data, text->length, AQ_DIALECT_AUTO, &out, &traits, &problem) < 0)
        aq_panic("line %d: %s", problem.line, problem.text);
    double took = now() - started;
    aq_source_traits_free(&traits);
    return took;
}

static double reginas(const struct aq_buffer *text)
{
    aq_autobuffer struct aq_buffer script = {0};
    aq_buffer_add_text(&script, "EXIT;");
    aq_buffer_add(&script, text->data, text->length);
    RXSTRING source[2] = {{script.length, script.data}, {0, NULL}}, result = {0, NULL};
    SHORT ignored = 0;
    double started = now();
    if (RexxStart(0, NULL, "script", source, "SYSTEM", RXCOMMAND, NULL, &ignored, &result) != 0)
        aq_panic("Regina does not read it");
    double took = now() - started;
    if (source[1].strptr != NULL)
        RexxFreeMemory(source[1].strptr);
    return took;
}

int main(int argc, char **argv)
{
    aq_autobuffer struct aq_buffer text = {0};
    double mine[TURNS], theirs[TURNS] = {0};
    FILE *file = argc == 2 || argc == 3 ? fopen(argv[1], "r") : NULL;
    if (file == NULL)
        aq_panic("usage: translate FILE [alone]");
    for (size_t got = 1; got > 0; text.length += got)
        got = fread(aq_buffer_room(&text, 65536), 1, 65536, file);
    fclose(file);
    for (int turn = 0; turn < TURNS; turn++) {
        mine[turn] = ours(&text);
        if (argc == 2)
            theirs[turn] = reginas(&text);
    }
    qsort(mine, TURNS, sizeof *mine, compare);
    qsort(theirs, TURNS, sizeof *theirs, compare);
    printf("%.0f %.0f\n", mine[TURNS / 2], theirs[TURNS / 2]);
    return 0;
}
