/* SPDX-License-Identifier: MIT */
#include "guest/server/tree.h"

#include <signal.h>
#include <stdlib.h>

#include "guest/server/processes.h"

/* Marks the children of those that are marked already; false when there were no new ones. */
static bool mark_children(struct aq_process_entry *list, size_t count, pid_t root)
{
    bool more = false;
    for (size_t i = 0; i < count; i++) {
        bool child = list[i].parent == root;
        for (size_t j = 0; j < count && !child && !list[i].marked; j++)
            child = list[j].marked && list[j].pid == list[i].parent;
        if (child && !list[i].marked)
            more = list[i].marked = true;
    }
    return more;
}

unsigned aq_tree_kill(pid_t root)
{
    struct aq_process_entry *list;
    size_t count = aq_processes_list(&list);
    unsigned killed = 0;
    while (mark_children(list, count, root))
        ;
    for (size_t i = 0; i < count; i++)
        if (list[i].marked && kill(list[i].pid, SIGKILL) == 0)
            killed++;
    free(list);
    return killed;
}
