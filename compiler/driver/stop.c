/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals are blocked and looked at, not caught: that needs no global variable, and the default
 * action does the rest as soon as they are let through.
 */
#define _GNU_SOURCE
#include "driver/stop.h"

#include <errno.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDING = sizeof ending / sizeof *ending };

/* Without those that are ignored, as under nohup: a blocked one would not be. */
static sigset_t ending_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < ENDING; i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
            sigaddset(&set, ending[i]);
        }
    }
    return set;
}

void stop_hold(sigset_t *before)
{
    sigset_t set = ending_signals();
    sigprocmask(SIG_BLOCK, &set, before);
}

void stop_release(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}

/* The signal is passed on, and sent again for when it is let through. */
static void pass_on(pid_t child, int number)
{
    if (number > 0 && number != SIGCHLD) {
        kill(child, number);
        raise(number);
    }
}

/* A signal that is pending already would be found again at once, so it is looked for only once. */
static void wait_for(pid_t child, const sigset_t *watched, int *status)
{
    /* a child may end between the two calls, and SIGCHLD be ignored: look again after a while */
    static const struct timespec while_waiting = {.tv_nsec = 100 * 1000 * 1000};
    sigset_t left = *watched;
    while (waitpid(child, status, WNOHANG) == 0) {
        int number = sigtimedwait(&left, NULL, &while_waiting);
        pass_on(child, number);
        if (number > 0 && number != SIGCHLD) {
            sigdelset(&left, number);
        }
    }
}

static int start(char *const *words, const sigset_t *mask, pid_t *child)
{
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        return error;
    }
    posix_spawnattr_setsigmask(&attributes, mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    error = posix_spawnp(child, words[0], NULL, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int stop_run(char *const *words, int *status)
{
    pid_t child;
    sigset_t watched = ending_signals(), before, outside;
    sigaddset(&watched, SIGCHLD);
    sigprocmask(SIG_BLOCK, &watched, &before);
    outside = before;
    for (int i = 0; i < ENDING; i++) {
        sigdelset(&outside, ending[i]);
    }
    int error = start(words, &outside, &child);
    if (error == 0) {
        *status = 0;
        wait_for(child, &watched, status);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error;
}
