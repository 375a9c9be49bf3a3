/* SPDX-License-Identifier: MIT */
/* quiet VM METHOD: freezes the file systems of a VM's guest (vm/quiesce.h) through `helper` or `agent`, says
 * so, and holds on: for tests in which it is killed. */
#include <stdio.h>
#include <unistd.h>

#include "vm/quiesce.h"

int main(int argc, char **argv)
{
    struct aq_error err = {0};
    aq_autovm struct aq_vm vm = {0};
    struct aq_quiet quiet = AQ_QUIET_NONE;
    if (argc != 3 || aq_vm_load(argv[1], &vm, &err) < 0 ||
        aq_guest_open(&vm, aq_method_of(argv[2]), aq_after_ms(60000), &quiet.guest, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    quiet.wish = AQ_QUIESCE_MUST;
    quiet.open = true;
    if (aq_quiet_begin(&quiet, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    puts("frozen");
    fflush(stdout);
    pause();
    aq_quiet_close(&quiet);
    return 0;
}
