/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals that end rnetc, kept waiting while there are temporary files, so that none is left.
 */
#ifndef RNET_DRIVER_STOP_H
#define RNET_DRIVER_STOP_H

#include <signal.h>
#include <sys/types.h>

/* Holds SIGINT, SIGTERM and SIGHUP back; what was blocked before goes to *before. */
void stop_hold(sigset_t *before);
/* Ends what stop_hold began; a signal that came in between ends rnetc here. */
void stop_release(const sigset_t *before);

/* Starts a program, looked up in PATH, with signals as they are outside stop_hold, and waits for
 * it; what would end rnetc ends the program, too. 0 with its status as of waitpid, or an errno. */
int stop_run(char *const *words, int *status);

#endif
