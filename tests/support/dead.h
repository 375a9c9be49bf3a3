/* SPDX-License-Identifier: MIT */
/* Whether processes have ended that a command has noted in a file. */
#ifndef AQ_TEST_DEAD_H
#define AQ_TEST_DEAD_H

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

/* Waits until each pid in the file is gone; how many they were. */
static inline int count_dead(const char *file)
{
    FILE *list = fopen(file, "re");
    int pid;
    int count = 0;
    assert_non_null(list);
    while (fscanf(list, "%d", &pid) == 1) {
        for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
            usleep(20000);
        if (kill(pid, 0) == 0)
            fail_msg("%d of %s still lives", pid, file);
        count++;
    }
    fclose(list);
    return count;
}

#endif
