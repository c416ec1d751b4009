/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of lines, as near to their right ends as they can stand without touching. More colours than
 * hues follow an order, so a strip of them with a few names says it all.
 */
#include "lib/plot_colour.h"
#include "lib/plot_series.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 24, STRIP_NAMES = 6 };

/* Pixels: between names, of a line's sample, of the strip, of a name at most. */
static const double name_gap = 16, sample_width = 14, strip_width = 14, most_width = 190;

void plot_spread(double *places, int count, double gap, double low, double high)
{
    /* Places less their due offsets must not decrease: the nearest such sequence is made of means
     * of neighbours (Ayer et al. 1955). */
    double means[MOST];
    int sizes[MOST], blocks = 0;
    count = count < MOST ? count : MOST;
    for (int i = 0; i < count; i++) {
        means[blocks] = places[i] - i * gap;
        sizes[blocks++] = 1;
        while (blocks > 1 && means[blocks - 1] < means[blocks - 2]) {
            int left = sizes[blocks - 2], right = sizes[blocks - 1];
            means[blocks - 2] =
                (means[blocks - 2] * left + means[blocks - 1] * right) / (left + right);
            sizes[blocks-- - 2] = left + right;
        }
    }
    double top = fmax(low, high - (count - 1) * gap);
    int at = 0;
    for (int block = 0; block < blocks; block++)
        for (int i = 0; i < sizes[block]; i++, at++)
            places[at] = fmin(fmax(means[block], low), top) + at * gap;
}

typedef struct Name {
    const RtPlotSeries *series;
    double place;
} Name;

static int compare(const void *a, const void *b)
{
    const Name *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->series < y->series ? -1 : x->series > y->series;
}

/* Where the line ends: the height of the last point that is in the frame's range. */
static double end_of(const PlotFrame *frame, const RtPlotSeries *series)
{
    for (int64_t i = series->count; i-- > 0;)
        if (plot_shows(frame->x.log, series->x[i]) && plot_shows(frame->y.log, series->y[i]))
            return fmin(fmax(plot_at(&frame->y, series->y[i]), frame->top), frame->bottom);
    return frame->bottom;
}

static bool is_strip(const PlotSeriesSet *set)
{
    return plot_series_colours(set) > PLOT_HUES;
}

double plot_legend_width(const PlotSeriesSet *set)
{
    double width = 0;
    for (int k = 0; k < set->count; k++)
        if (set->series[k].label && *set->series[k].label)
            width = fmax(width, plot_text_width(set->series[k].label, PLOT_SMALL));
    if (width == 0)
        return 0;
    if (set->by)
        width = fmax(width, plot_text_width(set->by, PLOT_SMALL) * 1.1 - sample_width);
    return fmin(width, most_width) + sample_width + 30;
}

static void put_by(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set, double y)
{
    if (set->by)
        plot_put(svg, "<text x=\"%f\" y=\"%f\" class=\"s n\">%s</text>\n", frame->right + 8, y,
                 set->by);
}

static void put_name(PlotSvg *svg, const PlotFrame *frame, const Name *name, const char *class)
{
    double x = frame->right + 8;
    plot_put(svg, "<g class=\"%s\"><path class=\"%s\" d=\"M%f %fh%f\"/></g>\n", class,
             name->series->dashed ? "dash" : "line", x, name->place, sample_width);
    plot_label(svg, &(PlotLabel){.x = x + sample_width + 6,
                                 .y = name->place + 4,
                                 .style = PLOT_SMALL,
                                 .room = most_width,
                                 .text = name->series->label});
}

static void put_names(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set)
{
    Name names[MOST];
    double places[MOST];
    char class[16];
    int count = 0, colours = plot_series_colours(set);
    int most = (int)fmin(MOST, (frame->bottom - frame->top) / name_gap);
    for (int k = 0; k < set->count && count < most; k++)
        if (set->series[k].label && *set->series[k].label)
            names[count++] = (Name){&set->series[k], end_of(frame, &set->series[k])};
    qsort(names, (size_t)count, sizeof *names, compare);
    for (int i = 0; i < count; i++)
        places[i] = names[i].place;
    double low = frame->top + (set->by ? name_gap : 0);
    plot_spread(places, count, name_gap, low, frame->bottom);
    if (count)
        put_by(svg, frame, set, places[0] - name_gap + 4);
    for (int i = 0; i < count; i++) {
        names[i].place = places[i];
        put_name(svg, frame, &names[i], plot_colour_class(names[i].series->colour, colours, class));
    }
}

/* The first series of a colour that has a name. */
static const char *name_of(const PlotSeriesSet *set, int colour)
{
    for (int k = 0; k < set->count; k++)
        if (set->series[k].colour == colour && set->series[k].label)
            return set->series[k].label;
    return "";
}

static void put_strip(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set)
{
    int colours = plot_series_colours(set);
    double x = frame->right + 8, top = frame->top + name_gap, height = frame->bottom - top;
    put_by(svg, frame, set, frame->top + 4);
    plot_put(svg, "<g class=\"cells\">\n");
    for (int i = 0; i < PLOT_STEPS; i++) {
        double low = frame->bottom - height * (i + 1) / (double)PLOT_STEPS;
        plot_put(svg, "<g class=\"q%d\"><path fill=\"currentColor\" d=\"M%f %fh%fv%fh%fz\"/></g>\n",
                 i, x, low, strip_width, height / (double)PLOT_STEPS + 0.5, -strip_width);
    }
    plot_put(svg, "</g>\n");
    for (int i = 0; i < STRIP_NAMES; i++) {
        int colour = (int)lround((double)i * (colours - 1) / (STRIP_NAMES - 1));
        double at = frame->bottom - height * (colour + 0.5) / colours;
        plot_put(svg, "<path class=\"axis\" d=\"M%f %fh4\"/>\n", x + strip_width, at);
        plot_label(svg, &(PlotLabel){.x = x + strip_width + 7,
                                     .y = at + 4,
                                     .style = PLOT_SMALL,
                                     .room = most_width,
                                     .text = name_of(set, colour)});
    }
}

void plot_legend_draw(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set)
{
    if (plot_legend_width(set) == 0)
        return;
    if (is_strip(set))
        put_strip(svg, frame, set);
    else
        put_names(svg, frame, set);
}
