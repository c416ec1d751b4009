/* SPDX-License-Identifier: Apache-2.0
 *
 * Four schedules, each a closed form of the step.
 */
#include "lib/schedule.h"

#include <math.h>

static double decay_by_epochs(const RtSchedule *schedule, int64_t step)
{
    double epoch = floor((double)step / (double)schedule->epoch_steps);
    double times = schedule->every >= 1 ? floor(epoch / schedule->every) : 0;
    return pow(schedule->factor, times);
}

/* How far the run is between the end of the warm-up, 0, and its last step, 1. */
static double progress(const RtSchedule *schedule, int64_t step)
{
    double left = (double)schedule->steps - 1 - schedule->warmup;
    double share = left > 0 ? ((double)step - schedule->warmup) / left : 1;
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

double rt_schedule_rate(const RtSchedule *schedule, double base, int64_t step)
{
    const double pi = 3.14159265358979323846;
    bool rises = schedule->kind == RN_SCHEDULE_COSINE || schedule->kind == RN_SCHEDULE_LINEAR;
    if (rises && (double)step < schedule->warmup)
        return base * ((double)step + 1) / (schedule->warmup + 1);
    switch (schedule->kind) {
    case RN_SCHEDULE_STEP:
        return base * decay_by_epochs(schedule, step);
    case RN_SCHEDULE_COSINE:
        /* cos(π) is -1 exactly, so the last rate is 0 exactly */
        return base * 0.5 * (1 + cos(pi * progress(schedule, step)));
    case RN_SCHEDULE_LINEAR:
        return base * (1 - progress(schedule, step));
    default:
        return base;
    }
}
