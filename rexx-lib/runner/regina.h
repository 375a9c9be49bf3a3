/* SPDX-License-Identifier: MIT */
/* Regina's own command line, which its library has inside: for the options that are its business alone. */
#ifndef AQ_RUNNER_REGINA_H
#define AQ_RUNNER_REGINA_H

/* As the program `regina`. Returns the exit status. */
int aq_regina_main(int argc, char **argv);

#endif
