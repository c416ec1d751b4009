/* SPDX-License-Identifier: Apache-2.0
 *
 * Ordinary least squares in two passes: sums of deviations from the means do not cancel.
 */
#include "lib/fit.h"

#include <math.h>
#include <stdbool.h>

static bool is_usable(double x, double y)
{
    return isfinite(x) && isfinite(y) && x > 0 && y > 0;
}

RtFit rt_fit_power(const double *x, const double *y, int64_t count)
{
    RtFit fit = {.slope = (double)NAN, .error = (double)NAN};
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, rest = 0;
    for (int64_t i = 0; i < count; i++)
        if (is_usable(x[i], y[i])) {
            fit.points++;
            mean_x += (log(x[i]) - mean_x) / (double)fit.points;
            mean_y += (log(y[i]) - mean_y) / (double)fit.points;
        }
    for (int64_t i = 0; i < count; i++)
        if (is_usable(x[i], y[i])) {
            double dx = log(x[i]) - mean_x;
            xx += dx * dx;
            xy += dx * (log(y[i]) - mean_y);
        }
    if (!(xx > 0))
        return fit;
    fit.slope = xy / xx;
    for (int64_t i = 0; i < count; i++)
        if (is_usable(x[i], y[i])) {
            double d = log(y[i]) - mean_y - fit.slope * (log(x[i]) - mean_x);
            rest += d * d;
        }
    if (fit.points > 2)
        fit.error = sqrt(rest / (double)(fit.points - 2) / xx);
    return fit;
}
