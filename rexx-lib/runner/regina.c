/* SPDX-License-Identifier: MIT */
#include "regina.h"

#include <stdio.h>

/* What the program regina consists of: one call of this. Weak, so that a library without it still serves the
 * rest. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): it is Regina's name */
int __regina_faked_main(int argc, char **argv) __attribute__((weak));

int aq_regina_main(int argc, char **argv)
{
    if (__regina_faked_main == NULL) {
        fprintf(stderr, "%s: this Regina has no command line of its own; use the program regina\n", argv[0]);
        return 2;
    }
    return __regina_faked_main(argc, argv);
}
