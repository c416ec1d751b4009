/* SPDX-License-Identifier: Apache-2.0
 *
 * Theory along the axes of a picture. Params that are no axes have the values of the command line.
 */
#include "lib/config.h"
#include "lib/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Params at which theory is asked; NULL where it says nothing of what is measured. */
static double *open_config(const RtSurface *surface)
{
    const RtGrid *grid = surface->grid;
    size_t count = (size_t)grid->program->param_count;
    double *config = grid->sweep->settings.when == 1 && surface->reduced < 0
                         ? calloc(count + 1, sizeof *config)
                         : NULL;
    if (!config)
        return NULL;
    memcpy(config, grid->config, count * sizeof *config);
    rt_grid_set(grid, 0, config);
    return config;
}

int64_t rt_sweep_curve(const RtSurface *surface, int64_t line, double x[RT_CURVE_POINTS],
                       double y[RT_CURVE_POINTS])
{
    const RtGrid *grid = surface->grid;
    const RnPlot *plot = &grid->sweep->plot;
    const RtAxis *along = &grid->axes[plot->x];
    double *config = open_config(surface), first = along->values[along->order[0]];
    double last = along->values[along->order[along->count - 1]];
    int64_t count = 0;
    if (config && plot->by >= 0)
        config[grid->axes[plot->by].param] = grid->axes[plot->by].values[line];
    for (int i = 0; config && i < RT_CURVE_POINTS; i++) {
        double share = (double)i / (RT_CURVE_POINTS - 1);
        double value = plot->log_x && first > 0 ? first * pow(last / first, share)
                                                : first + (last - first) * share;
        if (grid->program->params[along->param].integer)
            value = round(value);
        if (count && value == x[count - 1])
            continue;
        config[along->param] = x[count] = value;
        y[count] = rt_theory_value(grid->program, config, surface->measure);
        count += isfinite(y[count]);
    }
    free(config);
    return count;
}

int64_t rt_sweep_density(const RtSurface *surface, double low, double high,
                         double x[RT_CURVE_POINTS], double y[RT_CURVE_POINTS])
{
    const RtGrid *grid = surface->grid;
    double *config = grid->cells == 1 ? open_config(surface) : NULL;
    bool single = config && rt_formula(grid->sweep->settings.batch, config, 0) == 1;
    int64_t count = 0;
    for (int i = 0; single && low > 0 && i < RT_CURVE_POINTS; i++) {
        x[count] = low + (high - low) * i / (RT_CURVE_POINTS - 1);
        y[count] = rt_theory_density(grid->program, config, surface->measure, x[count]);
        count += isfinite(y[count]);
    }
    free(config);
    return count;
}

/* The place where a sign changes between neighbours, by the line through both; NaN: nowhere. */
static double find_sign_change(const RtSurface *surface, const RtAxis *axis, double *config)
{
    double before = (double)NAN, at = 0;
    for (int64_t i = 0; i < axis->count; i++) {
        double value = axis->values[axis->order[i]];
        config[axis->param] = value;
        double here = rt_theory_displacement(surface->grid->program, config, surface->measure);
        if (here == 0)
            return value;
        if ((here > 0 && before < 0) || (here < 0 && before > 0))
            return at + (value - at) * before / (before - here);
        before = here;
        at = value;
    }
    return (double)NAN;
}

int64_t rt_sweep_boundary(const RtSurface *surface, double *x, double *y)
{
    const RtGrid *grid = surface->grid;
    const RtAxis *up = &grid->axes[grid->sweep->plot.y];
    double *config = open_config(surface);
    int64_t count = 0;
    for (int64_t j = 0; config && j < up->count; j++) {
        config[up->param] = y[count] = up->values[up->order[j]];
        x[count] = find_sign_change(surface, &grid->axes[grid->sweep->plot.x], config);
        count += isfinite(x[count]);
    }
    free(config);
    return count;
}
