/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures of a sweep. Axes that a picture does not show are averaged over, and its note says so.
 */
#include "lib/config.h"
#include "lib/plot.h"
#include "lib/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DOTS = 60, MOST_SAMPLES = 6 };

typedef struct Picture {
    const RtRows *rows;
    const RtSurface *surface;
    const RnPlot *plot;
    int measure;
    char title[256], subtitle[256], note[512];
    double *mean, *error; /* [y][x], or [line][x] */
    int64_t columns, lines;
    bool averaged;
} Picture;

static void write_texts(Picture *picture, int64_t draws)
{
    const RtSurface *surface = picture->surface;
    const RtGrid *grid = surface->grid;
    const RnMeasure *measure = surface->measure;
    if (surface->reduced >= 0)
        snprintf(picture->title, sizeof picture->title, "%.60s: best %.120s over %.60s",
                 grid->sweep->name, measure->text, grid->axes[surface->reduced].name);
    else
        snprintf(picture->title, sizeof picture->title, "%.60s: %.180s", grid->sweep->name,
                 measure->text);
    snprintf(picture->subtitle, sizeof picture->subtitle, "%.100s, %s%lld draw%s",
             grid->program->name,
             draws > 1 && picture->plot->kind != RN_PLOT_HISTOGRAM ? "mean of " : "",
             (long long)draws, draws > 1 ? "s" : "");
}

/* A histogram shows all draws, and counts those that it cannot show. */
static void write_note(Picture *picture)
{
    const RtSurface *surface = picture->surface;
    const RtGrid *grid = surface->grid;
    char *note = picture->note, left_out[128];
    size_t size = sizeof picture->note;
    if (picture->plot->kind == RN_PLOT_HISTOGRAM)
        return;
    for (int i = 0; i < surface->axis_count; i++) {
        int a = surface->axes[i];
        if (grid->axes[a].count < 2 || a == picture->plot->x || a == picture->plot->y ||
            a == picture->plot->by)
            continue;
        picture->averaged = true;
        size_t used = strlen(note);
        snprintf(note + used, size - used, "%s%.60s", used ? ", " : "mean over ",
                 grid->axes[a].name);
    }
    rt_surface_left_out(surface, surface->reduced >= 0 || picture->averaged, left_out);
    size_t used = strlen(note);
    snprintf(note + used, size - used, "%s%s", used && *left_out ? "; " : "", left_out);
}

/* Means of the surface over all but two of its axes; `y` or both may be −1. */
static bool average(Picture *picture, int x, int y, RtError *error)
{
    const RtSurface *surface = picture->surface;
    const RtAxis *axes = surface->grid->axes;
    int column = rt_surface_axis(surface, x), line = rt_surface_axis(surface, y);
    picture->columns = column < 0 ? 1 : axes[x].count;
    picture->lines = line < 0 ? 1 : axes[y].count;
    size_t count = (size_t)(picture->columns * picture->lines);
    picture->mean = calloc(count, sizeof *picture->mean);
    picture->error = calloc(count, sizeof *picture->error);
    int64_t *finite = calloc(count, sizeof *finite);
    bool good = picture->mean && picture->error && finite;
    for (int64_t cell = 0; good && cell < surface->cells; cell++) {
        int64_t i = column < 0 ? 0 : rt_surface_place(surface, cell, column);
        int64_t j = line < 0 ? 0 : rt_surface_place(surface, cell, line);
        int64_t at = j * picture->columns + i;
        double value = surface->mean[cell];
        picture->error[at] = surface->error[cell];
        if (isfinite(value))
            picture->mean[at] += (value - picture->mean[at]) / (double)++finite[at];
    }
    for (size_t i = 0; good && i < count; i++) {
        picture->mean[i] = finite[i] ? picture->mean[i] : (double)NAN;
        if (picture->averaged || !isfinite(picture->error[i]))
            picture->error[i] = 0;
    }
    free(finite);
    return good || rt_fail(error, RT_FAILED, "out of memory for the picture");
}

static RtPlotAxis param_axis(const Picture *picture, int axis, bool log)
{
    const RtGrid *grid = picture->surface->grid;
    const RnParam *param = &grid->program->params[grid->axes[axis].param];
    return (RtPlotAxis){.name = param->name, .doc = param->doc, .log = log};
}

static RtPlotTitle title_of(const Picture *picture)
{
    return (RtPlotTitle){picture->title, picture->subtitle, picture->note};
}

/* ---- heat maps ---- */

static bool draw_heat(Picture *picture, RtFile *svg, RtError *error)
{
    const RnPlot *plot = picture->plot;
    const RtAxis *x = &picture->surface->grid->axes[plot->x];
    const RtAxis *y = &picture->surface->grid->axes[plot->y];
    if (!average(picture, plot->x, plot->y, error))
        return false;
    double *critical = calloc(2 * (size_t)y->count, sizeof *critical);
    if (!critical)
        return rt_fail(error, RT_FAILED, "out of memory for the picture");
    RtPlotSeries boundary = {.label = "theory",
                             .x = critical,
                             .y = critical + y->count,
                             .colour = RT_PLOT_INK,
                             .dashed = true};
    if (!picture->averaged)
        boundary.count = rt_sweep_boundary(picture->surface, critical, critical + y->count);
    const RtPlotHeat heat = {
        .title = title_of(picture),
        .x = param_axis(picture, plot->x, rt_plot_geometric(x->values, x->count)),
        .y = param_axis(picture, plot->y, rt_plot_geometric(y->values, y->count)),
        .z = {.name = picture->surface->measure->text},
        .xs = x->values,
        .ys = y->values,
        .zs = picture->mean,
        .x_count = x->count,
        .y_count = y->count,
        .clip = rt_formula(plot->clip, picture->surface->grid->config, 0),
        .series = &boundary,
        .series_count = boundary.count > 1};
    bool good = rt_plot_heat(&heat, svg, error);
    free(critical);
    return good;
}

/* ---- lines ---- */

static bool fill_series(const Picture *picture, RtPlotSeries *series, char (*labels)[32])
{
    const RnPlot *plot = picture->plot;
    const RtAxis *axes = picture->surface->grid->axes;
    bool bands = false;
    for (int64_t i = 0; i < picture->columns * picture->lines; i++)
        bands = bands || picture->error[i] > 0;
    for (int64_t j = 0; j < picture->lines; j++) {
        if (plot->by >= 0)
            rt_exact_text(axes[plot->by].values[j], labels[j]);
        series[j] = (RtPlotSeries){.label = plot->by >= 0 ? labels[j] : NULL,
                                   .x = axes[plot->x].values,
                                   .y = picture->mean + j * picture->columns,
                                   .band = bands ? picture->error + j * picture->columns : NULL,
                                   .count = picture->columns,
                                   .colour = (int)j,
                                   .dots = picture->columns <= MOST_DOTS};
    }
    return bands;
}

/* Theory's lines behind the measured ones; how many. */
static int fill_theory(const Picture *picture, RtPlotSeries *series,
                       double (*curves)[2][RT_CURVE_POINTS])
{
    int used = 0;
    for (int64_t j = 0; picture->plot->theory && !picture->averaged && j < picture->lines; j++) {
        int64_t count = rt_sweep_curve(picture->surface, j, curves[j][0], curves[j][1]);
        if (count > 1)
            series[picture->lines + used++] = (RtPlotSeries){.x = curves[j][0],
                                                             .y = curves[j][1],
                                                             .count = count,
                                                             .colour = (int)j,
                                                             .dashed = true};
    }
    return used;
}

static bool draw_lines(Picture *picture, RtFile *svg, RtError *error)
{
    const RnPlot *plot = picture->plot;
    if (!average(picture, plot->x, plot->by, error))
        return false;
    RtPlotSeries *series = calloc(2 * (size_t)picture->lines, sizeof *series);
    double(*curves)[2][RT_CURVE_POINTS] = calloc((size_t)picture->lines, sizeof *curves);
    char(*labels)[32] = calloc((size_t)picture->lines, sizeof *labels);
    bool good = series && labels && curves;
    if (good) {
        bool bands = fill_series(picture, series, labels);
        int theory = fill_theory(picture, series, curves);
        const RtPlotLines lines = {
            .title = title_of(picture),
            .x = param_axis(picture, plot->x, plot->log_x),
            .y = {.name = picture->surface->measure->text, .log = plot->log_y},
            .series = series,
            .series_count = (int)picture->lines + theory,
            .by = plot->by >= 0 ? picture->surface->grid->axes[plot->by].name : NULL,
            .band = bands ? "mean ± standard error" : NULL,
            .dashed = theory ? "theory" : NULL};
        good = rt_plot_lines(&lines, svg, error);
    } else {
        rt_fail(error, RT_FAILED, "out of memory for the picture");
    }
    free(series);
    free(labels);
    free(curves);
    return good;
}

/* ---- histograms ---- */

static void label_cell(const RtGrid *grid, int64_t cell, char label[96])
{
    char number[RT_NUMBER_TEXT];
    size_t used = 0;
    label[0] = '\0';
    for (int a = 0; a < grid->axis_count && used < 95; a++) {
        if (grid->axes[a].count < 2)
            continue;
        double value = grid->axes[a].values[rt_grid_place(grid, cell, a)];
        snprintf(label + used, 96 - used, "%s%.40s = %s", used ? ", " : "", grid->axes[a].name,
                 rt_exact_text(value, number));
        used = strlen(label);
    }
}

static void find_range(const double *values, int64_t count, double *low, double *high)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) {
            *low = fmin(*low, values[i]);
            *high = fmax(*high, values[i]);
        }
}

/* A sample for each cell; one of all draws where there are many cells. */
static bool draw_histogram(Picture *picture, int64_t draws, RtFile *svg, RtError *error)
{
    const RtGrid *grid = picture->surface->grid;
    bool by_cell = grid->cells <= MOST_SAMPLES;
    RtPlotSample samples[MOST_SAMPLES] = {{0}};
    char labels[MOST_SAMPLES][96];
    double *values = calloc((size_t)grid->cells, (size_t)draws * sizeof *values);
    if (!values)
        return rt_fail(error, RT_FAILED, "out of memory for the picture");
    int64_t used = 0;
    for (int64_t cell = 0; cell < grid->cells; cell++) {
        RtPlotSample *sample = &samples[by_cell ? cell : 0];
        int64_t count = rt_rows_draws(picture->rows, cell, picture->measure, values + used, draws);
        if (sample->count == 0)
            sample->values = values + used;
        sample->count += count;
        used += count;
        if (by_cell && grid->cells > 1) {
            label_cell(grid, cell, labels[cell]);
            sample->label = labels[cell];
        }
    }
    double x[RT_CURVE_POINTS], y[RT_CURVE_POINTS], low, high;
    find_range(values, used, &low, &high);
    const RtPlotSeries law = {.label = "theory",
                              .x = x,
                              .y = y,
                              .count = rt_sweep_density(picture->surface, low, high, x, y),
                              .dashed = true};
    const RtPlotHistogram histogram = {.title = title_of(picture),
                                       .x = {.name = picture->surface->measure->text},
                                       .samples = samples,
                                       .sample_count = by_cell ? (int)grid->cells : 1,
                                       .curves = &law,
                                       .curve_count = law.count > 1};
    bool good = rt_plot_histogram(&histogram, svg, error);
    free(values);
    return good;
}

/* ---- all ---- */

/* Does the plot show this quantity? One whose axis `best` has taken cannot be drawn over it. */
static bool is_drawn(const RnPlot *plot, const RtSurface *surface, int measure)
{
    switch (plot->kind) {
    case RN_PLOT_HEATMAP:
        return rt_surface_axis(surface, plot->x) >= 0 && rt_surface_axis(surface, plot->y) >= 0;
    case RN_PLOT_LINES:
        return rt_surface_axis(surface, plot->x) >= 0 &&
               (plot->by < 0 || rt_surface_axis(surface, plot->by) >= 0);
    case RN_PLOT_HISTOGRAM:
        return plot->quantity == measure;
    default:
        return false;
    }
}

static bool draw(Picture *picture, int64_t draws, RtFile *svg, RtError *error)
{
    switch (picture->plot->kind) {
    case RN_PLOT_HEATMAP:
        return draw_heat(picture, svg, error);
    case RN_PLOT_LINES:
        return draw_lines(picture, svg, error);
    default:
        return draw_histogram(picture, draws, svg, error);
    }
}

bool rt_sweep_plot(const RtRows *rows, const RtSurface *surface, int measure, int64_t draws,
                   const char *stem, char path[1200], RtError *error)
{
    Picture picture = {
        .rows = rows, .surface = surface, .plot = &rows->grid->sweep->plot, .measure = measure};
    RtFile svg = {0};
    char name[128];
    path[0] = '\0';
    if (!is_drawn(picture.plot, surface, measure))
        return true;
    write_texts(&picture, draws);
    write_note(&picture);
    rt_quantity_name(surface, name);
    snprintf(path, 1200, "%s-%s.svg", stem, name);
    bool good = draw(&picture, draws, &svg, error) && rt_plot_save(path, &svg, error);
    rt_file_free(&svg);
    free(picture.mean);
    free(picture.error);
    return good;
}
