/* SPDX-License-Identifier: Apache-2.0
 *
 * Laps of the monotonic clock.
 */
#include "driver/stopwatch.h"

#include "support/clock.h"

#include <assert.h>

void stopwatch_start(Stopwatch *watch)
{
    *watch = (Stopwatch){.since = clock_seconds()};
}

void stopwatch_add(Stopwatch *watch, const char *name, double seconds)
{
    assert(watch->count < STOPWATCH_STAGES && "compile() has fewer stages");
    watch->stages[watch->count].name = name;
    watch->stages[watch->count++].seconds = seconds;
    watch->since = clock_seconds();
}

void stopwatch_lap(Stopwatch *watch, const char *name)
{
    stopwatch_add(watch, name, clock_seconds() - watch->since);
}

void stopwatch_print(const Stopwatch *watch, FILE *out)
{
    double total = 0;
    for (int i = 0; i < watch->count; i++) {
        fprintf(out, "%10.1f ms  %s\n", 1e3 * watch->stages[i].seconds, watch->stages[i].name);
        total += watch->stages[i].seconds;
    }
    fprintf(out, "%10.1f ms  total\n", 1e3 * total);
}
