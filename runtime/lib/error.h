/* SPDX-License-Identifier: Apache-2.0
 *
 * What went wrong: a sentence and the exit status that it means. Functions that can fail return
 * bool and fill one of these; only main prints it.
 */
#ifndef RNET_LIB_ERROR_H
#define RNET_LIB_ERROR_H

#include <stdbool.h>

/* Exit statuses of a compiled program. */
enum {
    RT_OK = 0,
    RT_FAILED = 1,
    RT_USAGE = 2,
    RT_DIVERGED = 3,
    RT_BAD_DATA = 4,
    RT_BROKEN = 5,  /* a bound of `check` */
    RT_STOPPED = 75 /* by a signal, after a checkpoint */
};

typedef struct RtError {
    int status;
    char text[2048];
} RtError;

/* Fills the error and returns false. */
bool rt_fail(RtError *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, with what errno says at the end. */
bool rt_fail_errno(RtError *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
