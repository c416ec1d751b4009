/* SPDX-License-Identifier: Apache-2.0
 *
 * The grid: values of its axes, numbers of its cells, and which of them share their draws.
 *
 * A param that changes a small part of the network (alpha, say, a number a layer) need not cost a
 * new draw of all weights: along its axis cells form a group, and a group's draws are made once.
 */
#include "lib/config.h"
#include "lib/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- values of an axis ---- */

/* To fifteen digits, which a number in decimals survives: 0.28, not 0.27999999999999997. */
static double tidy(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    return strtod(text, NULL);
}

static double stated_value(const RnAxis *axis, int64_t place)
{
    if (axis->kind == RN_GRID_LIST)
        return axis->values[place];
    if (place == 0 || axis->count < 2)
        return axis->first;
    if (place == axis->count - 1)
        return axis->last;
    double share = (double)place / (double)(axis->count - 1);
    return tidy(axis->kind == RN_GRID_LINSPACE
                    ? axis->first + (axis->last - axis->first) * share
                    : axis->first * pow(axis->last / axis->first, share));
}

typedef struct Sorted {
    double value;
    int64_t place;
} Sorted;

static int compare_sorted(const void *a, const void *b)
{
    const Sorted *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Of equal values the first one stays; order[] follows. */
static bool drop_duplicates(RtAxis *axis)
{
    int64_t count = axis->count, kept = 0;
    Sorted *sorted = calloc((size_t)count, sizeof *sorted);
    int64_t *moved = calloc((size_t)count, sizeof *moved);
    axis->order = calloc((size_t)count, sizeof *axis->order);
    bool good = sorted && moved && axis->order;
    for (int64_t i = 0; good && i < count; i++)
        sorted[i] = (Sorted){axis->values[i], i};
    if (good)
        qsort(sorted, (size_t)count, sizeof *sorted, compare_sorted);
    for (int64_t i = 0; good && i < count; i++)
        moved[sorted[i].place] = i > 0 && sorted[i].value == sorted[i - 1].value ? -1 : 0;
    for (int64_t i = 0; good && i < count; i++)
        if (moved[i] == 0) {
            moved[i] = kept;
            axis->values[kept++] = axis->values[i];
        }
    axis->count = good ? kept : 0;
    for (int64_t i = 0, next = 0; good && i < count; i++)
        if (moved[sorted[i].place] >= 0)
            axis->order[next++] = moved[sorted[i].place];
    free(sorted);
    free(moved);
    return good;
}

/* The value that --set gives the param, where it does. */
static bool find_pinned(const RtGrid *grid, const RtOptions *options, int32_t param, bool *pinned,
                        double *value, RtError *error)
{
    const RnProgram *program = grid->program;
    const char *name = program->params[param].name;
    size_t length = strlen(name);
    double *config = calloc((size_t)program->param_count + 1, sizeof *config);
    bool good = config != NULL || rt_fail(error, RT_FAILED, "out of memory for the params");
    for (int i = 0; good && i < options->set_count; i++) {
        good = rt_config_assign(program, config, options->sets[i], error);
        if (good && strncmp(options->sets[i], name, length) == 0 &&
            options->sets[i][length] == '=') {
            *pinned = true;
            *value = config[param];
        }
    }
    free(config);
    return good;
}

static bool fill_axis(RtGrid *grid, RtAxis *axis, const RnAxis *stated, const RtOptions *options,
                      RtError *error)
{
    const RnProgram *program = grid->program;
    bool pinned = false;
    double value = 0;
    if (!find_pinned(grid, options, stated->param, &pinned, &value, error))
        return false;
    axis->param = stated->param;
    axis->name = program->params[stated->param].name;
    axis->count = pinned ? 1 : stated->count;
    axis->values = calloc((size_t)axis->count + 1, sizeof *axis->values);
    double *config = calloc((size_t)program->param_count + 1, sizeof *config);
    bool good = axis->values && config;
    if (!good)
        rt_fail(error, RT_FAILED, "out of memory for the axis %s", axis->name);
    for (int64_t i = 0; good && i < axis->count; i++) {
        good = rt_config_store(program, config, axis->param,
                               pinned ? value : stated_value(stated, i), "sweep", error);
        axis->values[i] = config[axis->param];
    }
    free(config);
    if (good && !drop_duplicates(axis))
        return rt_fail(error, RT_FAILED, "out of memory for the axis %s", axis->name);
    return good;
}

/* ---- groups ---- */

static double depth_of(const RnProgram *program, const double *config, int32_t region)
{
    return region < 0 ? 1 : rt_formula(program->regions[region].depth, config, 1);
}

/* Does a block's depth differ along the axis? Then its cells have no memory in common. */
static bool moves_depth(const RnProgram *program, const RtAxis *axis, double *config)
{
    for (int64_t i = 0; i < axis->count; i++)
        for (int32_t r = 0; r < program->region_count; r++) {
            config[axis->param] = axis->values[0];
            double first = depth_of(program, config, r);
            config[axis->param] = axis->values[i];
            if (depth_of(program, config, r) != first)
                return true;
        }
    return false;
}

/* A draw is worth sharing where the axis changes a small part of the weights. */
static bool is_cheap(const RnProgram *program, const RtAxis *axis, double *config)
{
    double all = 0, changed = 0;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *tensor = &program->tensors[t];
        double layers = tensor->shared ? 1 : depth_of(program, config, tensor->region);
        all += layers * (double)tensor->size;
        changed += rt_config_draws(tensor, axis->param) ? layers * (double)tensor->size : 0;
    }
    return changed < all / 4 && !moves_depth(program, axis, config);
}

static bool share_axis(const RnProgram *program, RtAxis *axis, RtError *error)
{
    double *config = calloc((size_t)program->param_count + 1, sizeof *config);
    if (!config)
        return rt_fail(error, RT_FAILED, "out of memory for the params");
    rt_config_defaults(program, config);
    axis->shared = is_cheap(program, axis, config);
    free(config);
    return true;
}

static bool open_axes(RtGrid *grid, const RtOptions *options, bool sharing, RtError *error)
{
    grid->cells = grid->groups = 1;
    for (int a = 0; a < grid->axis_count; a++) {
        RtAxis *axis = &grid->axes[a];
        if (!fill_axis(grid, axis, &grid->sweep->axes[a], options, error))
            return false;
        if (sharing && !share_axis(grid->program, axis, error))
            return false;
        grid->cells *= axis->count;
        grid->groups *= axis->shared ? 1 : axis->count;
    }
    return true;
}

bool rt_grid_open(RtGrid *grid, const RnProgram *program, const RnSweep *sweep,
                  const RtOptions *options, bool sharing, RtError *error)
{
    *grid = (RtGrid){.program = program, .sweep = sweep, .axis_count = sweep->axis_count};
    if (sweep->axis_count > RT_AXES)
        return rt_fail(error, RT_USAGE, "the sweep %s has %d axes, and at most %d can be run",
                       sweep->name, sweep->axis_count, RT_AXES);
    if (open_axes(grid, options, sharing, error))
        return true;
    rt_grid_close(grid);
    return false;
}

void rt_grid_close(RtGrid *grid)
{
    for (int a = 0; a < grid->axis_count; a++) {
        free(grid->axes[a].values);
        free(grid->axes[a].order);
    }
    *grid = (RtGrid){0};
}

/* ---- cells ---- */

int64_t rt_grid_place(const RtGrid *grid, int64_t cell, int axis)
{
    for (int a = grid->axis_count - 1; a > axis; a--)
        cell /= grid->axes[a].count;
    return cell % grid->axes[axis].count;
}

void rt_grid_set(const RtGrid *grid, int64_t cell, double *config)
{
    for (int a = 0; a < grid->axis_count; a++)
        config[grid->axes[a].param] = grid->axes[a].values[rt_grid_place(grid, cell, a)];
}

static int64_t find_place(const RtAxis *axis, double value)
{
    int64_t low = 0, high = axis->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (axis->values[axis->order[middle]] < value)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < axis->count && axis->values[axis->order[low]] == value;
    return found ? axis->order[low] : -1;
}

int64_t rt_grid_find(const RtGrid *grid, const double *values)
{
    int64_t cell = 0;
    for (int a = 0; a < grid->axis_count; a++) {
        int64_t place = find_place(&grid->axes[a], values[a]);
        if (place < 0)
            return -1;
        cell = cell * grid->axes[a].count + place;
    }
    return cell;
}

int64_t rt_grid_member(const RtGrid *grid, int64_t group, int64_t member)
{
    int64_t cell = 0, stride = 1;
    for (int a = grid->axis_count - 1; a >= 0; a--) {
        const RtAxis *axis = &grid->axes[a];
        int64_t *rest = axis->shared ? &member : &group;
        cell += *rest % axis->count * stride;
        *rest /= axis->count;
        stride *= axis->count;
    }
    return cell;
}

int64_t rt_grid_group(const RtGrid *grid, int64_t cell)
{
    int64_t group = 0;
    for (int a = 0; a < grid->axis_count; a++)
        if (!grid->axes[a].shared)
            group = group * grid->axes[a].count + rt_grid_place(grid, cell, a);
    return group;
}
