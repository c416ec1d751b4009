/* SPDX-License-Identifier: Apache-2.0
 *
 * The learning rate of a step.
 */
#ifndef RNET_LIB_SCHEDULE_H
#define RNET_LIB_SCHEDULE_H

#include "core/vocabulary.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct RtSchedule {
    int32_t kind;         /* RnScheduleKind */
    double every, factor; /* STEP: epochs, and what the rate is multiplied with */
    double warmup;        /* COSINE, LINEAR: steps of a linear rise */
    int64_t steps;        /* of the whole run */
    int64_t epoch_steps;  /* steps of an epoch */
} RtSchedule;

/* `step` counts from 0. COSINE and LINEAR reach `base` in the first step after the warm-up and 0 in
 * the last step of the run. */
double rt_schedule_rate(const RtSchedule *schedule, double base, int64_t step);

#endif
