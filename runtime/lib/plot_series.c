/* SPDX-License-Identifier: Apache-2.0
 *
 * Bands lie under all lines, theory over all measured lines, dots over theory. A point that the
 * axes cannot show ends its line, and the next one starts another.
 */
#include "lib/plot_series.h"

#include "lib/plot_colour.h"

#include <math.h>

static bool shown(const RtPlotSeries *series, int64_t i, bool x_log, bool y_log)
{
    return plot_shows(x_log, series->x[i]) && plot_shows(y_log, series->y[i]);
}

void plot_series_extend(const PlotSeriesSet *set, PlotExtent *x, PlotExtent *y)
{
    for (int k = 0; k < set->count; k++) {
        const RtPlotSeries *series = &set->series[k];
        for (int64_t i = 0; i < series->count; i++) {
            if (!shown(series, i, x->log, y->log))
                continue;
            plot_extend(x, series->x[i]);
            plot_extend(y, series->y[i]);
            if (!series->band || !isfinite(series->band[i]))
                continue;
            plot_extend(y, series->y[i] + series->band[i]);
            double low = series->y[i] - series->band[i];
            /* a band that nearly reaches zero must not decide how far a log axis goes down */
            plot_extend(y, y->log ? fmax(low, series->y[i] / 10) : low);
        }
    }
}

int64_t plot_series_gaps(const PlotSeriesSet *set, bool x_log, bool y_log)
{
    int64_t gaps = 0;
    for (int k = 0; k < set->count; k++)
        for (int64_t i = 0; i < set->series[k].count; i++)
            gaps += !set->series[k].dashed && !shown(&set->series[k], i, x_log, y_log);
    return gaps;
}

int plot_series_colours(const PlotSeriesSet *set)
{
    int count = 1;
    for (int k = 0; k < set->count; k++)
        count = set->series[k].colour >= count ? set->series[k].colour + 1 : count;
    return count;
}

/* The next points [*from, *to) of one line; false where there are no more. */
static bool next_run(const PlotFrame *frame, const RtPlotSeries *series, bool band, int64_t *from,
                     int64_t *to)
{
    int64_t i = *to;
    for (int pass = 0; pass < 2; pass++) {
        bool wanted = pass == 0;
        for (; i < series->count; i++) {
            bool here = shown(series, i, frame->x.log, frame->y.log) &&
                        (!band || isfinite(series->band[i]));
            if (here == wanted)
                break;
        }
        *(wanted ? from : to) = i;
    }
    return *from < series->count;
}

static void put_point(PlotSvg *svg, const PlotFrame *frame, char verb, double x, double y)
{
    double at = plot_shows(frame->y.log, y) ? plot_at(&frame->y, y) : frame->bottom + 9;
    plot_put(svg, verb == 'M' ? "M%f %f" : "L%f %f", plot_at(&frame->x, x), at);
}

static void put_band(PlotSvg *svg, const PlotFrame *frame, const RtPlotSeries *series)
{
    int64_t from = 0, to = 0;
    plot_put(svg, "<path class=\"band\" d=\"");
    while (next_run(frame, series, true, &from, &to)) {
        for (int64_t i = from; i < to; i++)
            put_point(svg, frame, i == from ? 'M' : 'L', series->x[i],
                      series->y[i] + series->band[i]);
        for (int64_t i = to; i-- > from;)
            put_point(svg, frame, 'L', series->x[i], series->y[i] - series->band[i]);
        plot_put(svg, "Z");
    }
    plot_put(svg, "\"/>\n");
}

void plot_series_path(PlotSvg *svg, const PlotFrame *frame, const RtPlotSeries *series,
                      const char *class)
{
    int64_t from = 0, to = 0;
    plot_put(svg, "<path class=\"%s\" d=\"", class);
    while (next_run(frame, series, false, &from, &to))
        for (int64_t i = from; i < to; i++)
            put_point(svg, frame, i == from ? 'M' : 'L', series->x[i], series->y[i]);
    plot_put(svg, "\"/>\n");
}

/* Dots where they are wanted, and at a point that has no neighbours to be joined to. */
static void put_dots(PlotSvg *svg, const PlotFrame *frame, const RtPlotSeries *series)
{
    int64_t from = 0, to = 0;
    while (next_run(frame, series, false, &from, &to))
        for (int64_t i = from; i < to; i++)
            if (series->dots || to == from + 1)
                plot_put(svg, "<circle cx=\"%f\" cy=\"%f\" r=\"3\" class=\"dot\"/>\n",
                         plot_at(&frame->x, series->x[i]), plot_at(&frame->y, series->y[i]));
}

void plot_series_draw(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set)
{
    enum { BANDS, LINES, DASHES, DOTS, LAYERS };
    int colours = plot_series_colours(set);
    char class[16];
    for (int layer = 0; layer < LAYERS; layer++) {
        for (int k = 0; k < set->count; k++) {
            const RtPlotSeries *series = &set->series[k];
            bool line = layer == LINES || layer == DASHES;
            if ((layer == BANDS && !series->band) || (line && series->dashed != (layer == DASHES)))
                continue;
            plot_put(svg, "<g class=\"%s\">\n", plot_colour_class(series->colour, colours, class));
            if (layer == BANDS)
                put_band(svg, frame, series);
            else if (layer == DOTS)
                put_dots(svg, frame, series);
            /* its gaps in the line below make theory visible where they agree */
            if (layer == DASHES)
                plot_series_path(svg, frame, series, "case");
            if (line)
                plot_series_path(svg, frame, series, series->dashed ? "dash" : "line");
            plot_put(svg, "</g>\n");
        }
    }
}

/* Above the line, or below it where the frame's edge or another mark is close. */
static double word_height(const PlotFrame *frame, const RtPlotMark *marks, int count, double at)
{
    bool close = at < frame->top + 18;
    for (int i = 0; i < count; i++) {
        double other = marks[i].horizontal && plot_shows(frame->y.log, marks[i].at)
                           ? plot_at(&frame->y, marks[i].at)
                           : at;
        close = close || (other < at && other > at - 20);
    }
    return close ? at + 14 : at - 5;
}

/* Horizontal words stand at the right, vertical ones beside theirs at the top, one row each. */
static void put_mark(PlotSvg *svg, const PlotFrame *frame, const RtPlotMark *mark, double height)
{
    const PlotScale *scale = mark->horizontal ? &frame->y : &frame->x;
    if (!plot_shows(scale->log, mark->at) || mark->at < scale->low || mark->at > scale->high)
        return;
    double at = plot_at(scale, mark->at);
    plot_put(svg, "<g class=\"ink\"><path class=\"thin\" d=\"");
    if (mark->horizontal)
        plot_put(svg, "M%f %fH%f", frame->left, at, frame->right);
    else
        plot_put(svg, "M%f %fV%f", at, frame->top, frame->bottom);
    plot_put(svg, "\"/></g>\n");
    PlotLabel label = {.style = PLOT_SMALL, .halo = true, .text = mark->label};
    bool left = !mark->horizontal && at < (frame->left + frame->right) / 2;
    label.anchor = left ? 's' : 'e';
    label.x = mark->horizontal ? frame->right - 4 : left ? at + 5 : at - 5;
    label.y = height;
    label.room = left ? frame->right - label.x : label.x - frame->left;
    plot_label(svg, &label);
}

void plot_marks_draw(PlotSvg *svg, const PlotFrame *frame, const RtPlotMark *marks, int count)
{
    int row = 0;
    for (int i = 0; i < count; i++) {
        if (marks[i].horizontal && !plot_shows(frame->y.log, marks[i].at))
            continue;
        double height = marks[i].horizontal
                            ? word_height(frame, marks, count, plot_at(&frame->y, marks[i].at))
                            : frame->top + 13 + 16 * row++;
        put_mark(svg, frame, &marks[i], height);
    }
}
