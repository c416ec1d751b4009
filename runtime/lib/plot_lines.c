/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines with bands over linear or logarithmic axes, and spectra, which are lines over ranks.
 */
#include "lib/plot_series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_keys(PlotFrame *frame, const RtPlotLines *plot)
{
    bool band = false, dashed = false;
    for (int k = 0; k < plot->series_count; k++) {
        band = band || plot->series[k].band;
        dashed = dashed || plot->series[k].dashed;
    }
    if (plot->band)
        plot_key(frame, band ? PLOT_KEY_BAND : PLOT_KEY_LINE, plot->band);
    if (dashed)
        plot_key(frame, PLOT_KEY_DASH, plot->dashed);
}

static bool draw_lines(const RtPlotLines *plot, bool ranks, RtFile *svg_file, RtError *error)
{
    PlotSeriesSet set = {plot->series, plot->series_count, plot->by};
    PlotExtent x = {.log = plot->x.log}, y = {.log = plot->y.log};
    plot_series_extend(&set, &x, &y);
    for (int i = 0; i < plot->mark_count; i++)
        plot_extend(plot->marks[i].horizontal ? &y : &x, plot->marks[i].at);
    PlotFrame frame = {.title = &plot->title, .x_axis = &plot->x, .y_axis = &plot->y};
    frame.x = plot_scale(&plot->x, &x, 0.03);
    frame.y = plot_scale(&plot->y, &y, 0.05);
    frame.x.ranks = ranks;
    frame.margin = plot_legend_width(&set);
    add_keys(&frame, plot);
    plot_leave_out(&frame, plot_series_gaps(&set, x.log, y.log), "point", x.log || y.log);
    PlotSvg svg;
    plot_svg_begin(&svg, svg_file, &plot->title);
    plot_frame_begin(&svg, &frame);
    plot_frame_grid(&svg, &frame);
    plot_frame_inside(&svg, &frame);
    plot_series_draw(&svg, &frame, &set);
    plot_frame_outside(&svg);
    plot_frame_axes(&svg, &frame);
    plot_marks_draw(&svg, &frame, plot->marks, plot->mark_count);
    plot_legend_draw(&svg, &frame, &set);
    return plot_svg_end(&svg, error);
}

bool rt_plot_lines(const RtPlotLines *plot, RtFile *svg, RtError *error)
{
    return draw_lines(plot, false, svg, error);
}

/* Greatest first; what is not a number comes last. */
static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return (int)isnan(x) - (int)isnan(y);
    return (x < y) - (x > y);
}

enum { FEW = 150 }; /* more dots than these would touch */

/* Ranks and sorted values of all samples, in one block of memory that `ranks` points to. */
static bool sort_samples(const RtPlotSpectrum *plot, double **ranks, RtPlotSeries *series)
{
    size_t total = 0, longest = 0;
    for (int k = 0; k < plot->sample_count; k++) {
        size_t count = (size_t)plot->samples[k].count;
        longest = count > longest ? count : longest;
        if (__builtin_add_overflow(total, count, &total))
            return false;
    }
    if (__builtin_add_overflow(total, longest, &total))
        return false;
    *ranks = calloc(total + 1, sizeof **ranks);
    if (!*ranks)
        return false;
    for (size_t i = 0; i < longest; i++)
        (*ranks)[i] = (double)(i + 1);
    double *values = *ranks + longest;
    for (int k = 0; k < plot->sample_count; k++) {
        const RtPlotSample *sample = &plot->samples[k];
        size_t count = (size_t)sample->count;
        if (count)
            memcpy(values, sample->values, count * sizeof *values);
        qsort(values, count, sizeof *values, descending);
        series[k] = (RtPlotSeries){.label = sample->label,
                                   .x = *ranks,
                                   .y = values,
                                   .count = sample->count,
                                   .colour = k,
                                   .dots = sample->count <= FEW && plot->sample_count <= 4};
        values += count;
    }
    return true;
}

bool rt_plot_spectrum(const RtPlotSpectrum *plot, RtFile *svg, RtError *error)
{
    double *ranks = NULL;
    RtPlotSeries *series = calloc((size_t)plot->sample_count + 1, sizeof *series);
    bool done = series && sort_samples(plot, &ranks, series);
    if (!done) {
        *svg = (RtFile){0};
        rt_fail(error, RT_FAILED, "out of memory for a picture");
    } else {
        int64_t longest = 1;
        for (int k = 0; k < plot->sample_count; k++)
            longest = plot->samples[k].count > longest ? plot->samples[k].count : longest;
        RtPlotLines lines = {.title = plot->title,
                             .x = {.name = "rank",
                                   .doc = "greatest first",
                                   .low = 0.5 - 0.02 * (double)longest,
                                   .high = 0.5 + 1.02 * (double)longest},
                             .y = plot->y,
                             .series = series,
                             .series_count = plot->sample_count,
                             .marks = plot->marks,
                             .mark_count = plot->mark_count,
                             .by = plot->by};
        lines.y.log = true;
        done = draw_lines(&lines, true, svg, error);
    }
    free(series);
    free(ranks);
    return done;
}
