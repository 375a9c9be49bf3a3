/* SPDX-License-Identifier: MIT */
/* `rexx --remote`: what is between a terminal here and a script there. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "address-qemu/address-qemu.h"
#include "rexxqemu.h"
#include "signals.h"
#include "streams.h"

#define AGAIN_NS 1000000000L

static atomic_bool runs;   /* the script there has begun, so SIGINT is its own */
static atomic_bool caught; /* and it has not been told yet */
static atomic_long last;   /* when the last one came */

/* The second within a second ends it for good. */
static void on_interrupt(int signal)
{
    struct timespec now;
    (void)signal;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long moment = (long)now.tv_sec * 1000000000L + now.tv_nsec;
    long before = atomic_exchange(&last, moment);
    if (!runs || (before != 0 && moment - before < AGAIN_NS))
        aq_interrupt();
    else
        caught = true;
}

static bool take_interrupt(void)
{
    runs = true;
    return atomic_exchange(&caught, false);
}

static size_t count(const char *const *words)
{
    size_t number = 0;
    while (words[number] != NULL)
        number++;
    return number;
}

/* Whoever started us may have SIGINT ignored; then it stays so. */
static void watch_interrupt(void)
{
    struct sigaction now;
    const struct sigaction ours = {.sa_handler = on_interrupt};
    if (sigaction(SIGINT, NULL, &now) == 0 && ((now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_IGN))
        sigaction(SIGINT, &ours, NULL);
}

int rexxqemu_remote(const char *destination, const char *text, size_t length, const char *const *options,
                    char *const *arguments)
{
    const char *const *words = (const char *const *)arguments;
    const struct aq_remote_script script = {
        .destination = destination,
        .text = text,
        .length = length,
        .options = options,
        .option_count = count(options),
        .arguments = words,
        .argument_count = count(words),
        .take_interrupt = take_interrupt,
    };
    const struct aq_callbacks callbacks = {.output = aq_streams_output};
    aq_session *session = aq_session_open(&callbacks);
    aq_signals_begin();
    watch_interrupt();
    aq_result *result = aq_run_remote(session, &script);
    const char *code = aq_result_field(result, "EXIT_CODE", NULL);
    int status = code != NULL ? atoi(code) : aq_result_rc(result);
    if (code == NULL)
        fprintf(stderr, "rexx: --remote: %s (%s)\n", aq_result_error(result), aq_result_error_code(result));
    aq_result_free(result);
    aq_session_close(session);
    return status; /* the process is about to end: the signals are left as they are */
}
