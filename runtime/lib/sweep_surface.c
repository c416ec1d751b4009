/* SPDX-License-Identifier: Apache-2.0
 *
 * A quantity as a function of the axes that are left when `best` has taken its own away.
 */
#include "lib/sweep.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The best loss is the least one, the best accuracy the greatest. */
static bool is_least(const RnMeasure *measure)
{
    switch (measure->kind) {
    case RN_QUANTITY_LOSS:
    case RN_QUANTITY_TRAIN_LOSS:
    case RN_QUANTITY_VALIDATION_LOSS:
    case RN_QUANTITY_TEST_LOSS:
    case RN_QUANTITY_TEST_RMSE:
        return true;
    default:
        return false;
    }
}

static void take_cell(RtSurface *surface, int64_t to, double mean, double error, double at)
{
    bool least = is_least(surface->measure);
    double old = surface->mean[to];
    if (surface->reduced >= 0 && !isfinite(mean))
        return;
    if (surface->reduced >= 0 && !isnan(old) && (least ? mean >= old : mean <= old))
        return;
    surface->mean[to] = mean;
    surface->error[to] = error;
    surface->best[to] = at;
}

static void count_lost(RtSurface *surface, const RtRows *rows, double mean, int64_t finite)
{
    if (!isfinite(mean)) {
        surface->lost_cells++;
        return;
    }
    surface->lost_draws += rows->draws - finite;
    surface->draws += rows->draws;
}

static bool fill(RtSurface *surface, const RtRows *rows, int measure)
{
    const RtGrid *grid = rows->grid;
    size_t count = (size_t)grid->cells;
    double *mean = calloc(count, sizeof *mean), *error = calloc(count, sizeof *error);
    int64_t *finite = calloc(count, sizeof *finite);
    bool good = mean && error && finite;
    if (good) {
        rt_rows_column(rows, measure, mean, error, finite);
        for (int64_t cell = 0; cell < grid->cells; cell++) {
            int64_t to = 0;
            for (int i = 0; i < surface->axis_count; i++)
                to = to * grid->axes[surface->axes[i]].count +
                     rt_grid_place(grid, cell, surface->axes[i]);
            int r = surface->reduced;
            take_cell(surface, to, mean[cell], error[cell],
                      r < 0 ? 0 : grid->axes[r].values[rt_grid_place(grid, cell, r)]);
            count_lost(surface, rows, mean[cell], finite[cell]);
        }
    }
    free(mean);
    free(error);
    free(finite);
    return good;
}

bool rt_surface_make(RtSurface *surface, const RtRows *rows, int measure, RtError *error)
{
    const RtGrid *grid = rows->grid;
    *surface = (RtSurface){.grid = grid,
                           .measure = &grid->sweep->settings.measures[measure],
                           .reduced = grid->sweep->over[measure],
                           .cells = 1};
    for (int a = 0; a < grid->axis_count; a++)
        if (a != surface->reduced) {
            surface->axes[surface->axis_count++] = a;
            surface->cells *= grid->axes[a].count;
        }
    size_t count = (size_t)surface->cells;
    surface->mean = calloc(count, sizeof *surface->mean);
    surface->error = calloc(count, sizeof *surface->error);
    surface->best = calloc(count, sizeof *surface->best);
    bool good = surface->mean && surface->error && surface->best;
    for (size_t i = 0; good && i < count; i++)
        surface->mean[i] = surface->error[i] = surface->best[i] = (double)NAN;
    if (good && fill(surface, rows, measure))
        return true;
    rt_surface_free(surface);
    return rt_fail(error, RT_FAILED, "out of memory for %lld cells", (long long)grid->cells);
}

void rt_surface_free(RtSurface *surface)
{
    free(surface->mean);
    free(surface->error);
    free(surface->best);
    *surface = (RtSurface){0};
}

int64_t rt_surface_place(const RtSurface *surface, int64_t cell, int axis)
{
    const RtAxis *axes = surface->grid->axes;
    for (int i = surface->axis_count - 1; i > axis; i--)
        cell /= axes[surface->axes[i]].count;
    return cell % axes[surface->axes[axis]].count;
}

double rt_surface_value(const RtSurface *surface, int64_t cell, int axis)
{
    return surface->grid->axes[surface->axes[axis]].values[rt_surface_place(surface, cell, axis)];
}

int rt_surface_axis(const RtSurface *surface, int grid_axis)
{
    for (int i = 0; i < surface->axis_count; i++)
        if (surface->axes[i] == grid_axis)
            return i;
    return -1;
}

void rt_surface_left_out(const RtSurface *surface, bool merged, char text[128])
{
    int64_t cells = merged ? surface->lost_cells : 0;
    size_t used = 0;
    text[0] = '\0';
    if (cells || surface->lost_draws)
        used = (size_t)sprintf(text, "left out, not finite:");
    if (cells)
        used += (size_t)sprintf(text + used, " %lld of %lld cells", (long long)cells,
                                (long long)surface->grid->cells);
    if (surface->lost_draws)
        sprintf(text + used, "%s %lld of %lld draws", cells ? "," : "",
                (long long)surface->lost_draws, (long long)surface->draws);
}

enum { NAME_SIZE = 112 }; /* leaves room for a number behind it */

static void plain_name(const RnMeasure *measure, char name[NAME_SIZE])
{
    int used = 0;
    for (const char *at = measure->text; *at && used < NAME_SIZE - 1; at++) {
        bool plain = isalnum((unsigned char)*at) || *at == '.';
        if (plain)
            name[used++] = *at;
        else if (used && name[used - 1] != '_')
            name[used++] = '_';
    }
    while (used && name[used - 1] == '_')
        used--;
    name[used] = '\0';
}

void rt_quantity_name(const RtSurface *surface, char name[128])
{
    char own[NAME_SIZE], other[NAME_SIZE];
    int same = 1;
    plain_name(surface->measure, own);
    for (const RnMeasure *m = surface->grid->sweep->settings.measures; m < surface->measure; m++) {
        plain_name(m, other);
        same += strcmp(own, other) == 0;
    }
    if (same > 1)
        snprintf(name, 128, "%s_%d", own, same);
    else
        strcpy(name, own);
}
