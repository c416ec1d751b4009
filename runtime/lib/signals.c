/* SPDX-License-Identifier: Apache-2.0
 *
 * The one global variable of the library: a signal handler can reach nothing else.
 */
#define _GNU_SOURCE
#include "lib/signals.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t pending;

static void note(int number)
{
    pending = 1;
    /* who presses Ctrl-C twice does not want to wait for the checkpoint */
    if (number == SIGINT)
        signal(SIGINT, SIG_DFL);
}

void rt_signals_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

bool rt_signals_pending(void)
{
    return pending != 0;
}
