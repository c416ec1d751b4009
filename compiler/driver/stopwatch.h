/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the time of a compilation goes: --time-report.
 */
#ifndef RNET_DRIVER_STOPWATCH_H
#define RNET_DRIVER_STOPWATCH_H

#include <stdio.h>

enum { STOPWATCH_STAGES = 12 };

typedef struct Stopwatch {
    double since;
    struct {
        const char *name;
        double seconds;
    } stages[STOPWATCH_STAGES];
    int count;
} Stopwatch;

void stopwatch_start(Stopwatch *watch);
/* The time since the last lap belongs to `name`. */
void stopwatch_lap(Stopwatch *watch, const char *name);
/* Time that was measured elsewhere; the next lap starts now. */
void stopwatch_add(Stopwatch *watch, const char *name, double seconds);
void stopwatch_print(const Stopwatch *watch, FILE *out);

#endif
