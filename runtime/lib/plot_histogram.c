/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms. The number of bins follows the spread of the values (Freedman and Diaconis 1981), so
 * that it does not depend on a few that lie far out. On a logarithmic axis bins are equally wide
 * there, and a density is still one of the value itself.
 */
#include "lib/plot_colour.h"
#include "lib/plot_series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BINS = 100 };

typedef struct Histogram {
    const RtPlotHistogram *plot;
    bool density;
    PlotScale x;     /* start and end: the bins' numbers, 0 and bins */
    double *heights; /* [sample][bin] */
    double *sorted;  /* what can be shown of all samples */
    int64_t count, left_out;
    int bins;
} Histogram;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool gather(Histogram *histogram)
{
    const RtPlotHistogram *plot = histogram->plot;
    size_t total = 1;
    for (int k = 0; k < plot->sample_count; k++)
        if (__builtin_add_overflow(total, (size_t)plot->samples[k].count, &total))
            return false;
    histogram->sorted = calloc(total, sizeof *histogram->sorted);
    histogram->heights =
        calloc((size_t)plot->sample_count * MOST_BINS + 1, sizeof *histogram->heights);
    if (!histogram->sorted || !histogram->heights)
        return false;
    for (int k = 0; k < plot->sample_count; k++)
        for (int64_t i = 0; i < plot->samples[k].count; i++) {
            double value = plot->samples[k].values[i];
            if (plot_shows(plot->x.log, value))
                histogram->sorted[histogram->count++] = value;
            else
                histogram->left_out++;
        }
    qsort(histogram->sorted, (size_t)histogram->count, sizeof *histogram->sorted, compare);
    return true;
}

static double bin_of(const Histogram *histogram, double value)
{
    return plot_at(&histogram->x, value);
}

/* The value at which a bin begins. */
static double edge_of(const Histogram *histogram, int bin)
{
    const PlotScale *x = &histogram->x;
    double share = (double)bin / histogram->bins;
    return x->log ? x->low * pow(x->high / x->low, share) : x->low * (1 - share) + x->high * share;
}

static void choose_bins(Histogram *histogram)
{
    const RtPlotHistogram *plot = histogram->plot;
    int64_t count = histogram->count;
    PlotExtent extent = {.log = plot->x.log};
    if (count) {
        plot_extend(&extent, histogram->sorted[0]);
        plot_extend(&extent, histogram->sorted[count - 1]);
    }
    histogram->x = plot_scale(&plot->x, &extent, 0);
    histogram->x.end = 1;
    histogram->bins = plot->bins;
    if (plot->bins <= 0) {
        double middle = count ? bin_of(histogram, histogram->sorted[count - 1 - count / 4]) -
                                    bin_of(histogram, histogram->sorted[count / 4])
                              : 0;
        double wanted =
            middle > 0 ? cbrt((double)count) / (2 * middle) : 1 + log2((double)(count + 1));
        histogram->bins = (int)ceil(fmin(wanted, MOST_BINS));
        if (count && histogram->sorted[0] == histogram->sorted[count - 1])
            histogram->bins = 1;
    }
    histogram->bins = histogram->bins < 1           ? 1
                      : histogram->bins > MOST_BINS ? MOST_BINS
                                                    : histogram->bins;
    histogram->x.end = histogram->bins;
}

static void fill_bins(Histogram *histogram)
{
    const RtPlotHistogram *plot = histogram->plot;
    for (int k = 0; k < plot->sample_count; k++) {
        const RtPlotSample *sample = &plot->samples[k];
        double *heights = histogram->heights + (size_t)k * MOST_BINS;
        int64_t count = 0;
        for (int64_t i = 0; i < sample->count; i++) {
            double value = sample->values[i];
            count += plot_shows(plot->x.log, value);
            /* an axis of its own may leave some outside */
            if (!plot_shows(plot->x.log, value) || value < histogram->x.low ||
                value > histogram->x.high)
                continue;
            int bin = (int)bin_of(histogram, value);
            heights[bin < histogram->bins ? bin : histogram->bins - 1] += 1;
        }
        for (int bin = 0; bin < histogram->bins && histogram->density && count; bin++)
            heights[bin] /= (double)count * (edge_of(histogram, bin + 1) - edge_of(histogram, bin));
    }
}

static PlotScale height_scale(const Histogram *histogram)
{
    const RtPlotHistogram *plot = histogram->plot;
    double most = 0;
    for (int64_t i = 0; i < (int64_t)plot->sample_count * MOST_BINS; i++)
        if (isfinite(histogram->heights[i]))
            most = fmax(most, histogram->heights[i]);
    for (int k = 0; k < plot->curve_count; k++)
        for (int64_t i = 0; i < plot->curves[k].count; i++)
            if (isfinite(plot->curves[k].y[i]))
                most = fmax(most, plot->curves[k].y[i]);
    RtPlotAxis axis = {.high = most > 0 ? most * 1.06 : 1};
    PlotScale scale = plot_scale(&axis, &(PlotExtent){0}, 0);
    scale.whole = !histogram->density;
    return scale;
}

static void put_bins(PlotSvg *svg, const Histogram *histogram, const PlotFrame *frame, int sample)
{
    const double *heights = histogram->heights + (size_t)sample * MOST_BINS;
    static const char *const classes[] = {"bar", "step"};
    for (int layer = 0; layer < 2; layer++) {
        plot_put(svg, "<path class=\"%s\" d=\"M%f %f", classes[layer],
                 plot_at(&frame->x, edge_of(histogram, 0)), frame->bottom);
        for (int bin = 0; bin < histogram->bins; bin++)
            plot_put(svg, "V%fH%f", plot_at(&frame->y, heights[bin]),
                     plot_at(&frame->x, edge_of(histogram, bin + 1)));
        plot_put(svg, "V%f\"/>\n", frame->bottom);
    }
}

/* "n = 10000, mean 1.279, sd 0.0893", or the median where the axis is logarithmic. */
static void put_summary(PlotSvg *svg, const Histogram *histogram, const PlotFrame *frame)
{
    double mean = 0, square = 0, scale = 0;
    int64_t count = histogram->count;
    const double *sorted = histogram->sorted;
    if (!count)
        return;
    for (int64_t i = 0; i < count; i++)
        scale = fmax(scale, fabs(sorted[i]));
    scale = scale > 0 ? scale : 1;
    /* from the first value on, so that equal values have no deviation */
    for (int64_t i = 0; i < count; i++)
        mean += (sorted[i] / scale - sorted[0] / scale) / (double)count;
    mean += sorted[0] / scale;
    for (int64_t i = 0; i < count; i++)
        square += (sorted[i] / scale - mean) * (sorted[i] / scale - mean);
    double deviation = count > 1 ? sqrt(square / (double)(count - 1)) : 0;
    double median = sorted[(count - 1) / 2] / 2 + sorted[count / 2] / 2;
    char text[192], first[48], second[48];
    if (histogram->plot->x.log)
        snprintf(text, sizeof text, "n = %lld, median %s", (long long)count,
                 plot_number(median, 4, first));
    else
        snprintf(text, sizeof text, "n = %lld, mean %s, sd %s", (long long)count,
                 plot_number(mean * scale, 4, first), plot_number(deviation * scale, 3, second));
    plot_label(svg, &(PlotLabel){.x = frame->right,
                                 .y = frame->base,
                                 .anchor = 'e',
                                 .style = PLOT_SMALL,
                                 .grey = true,
                                 .text = text});
}

/* Names of the samples, as a column at the top. */
static bool name_samples(const Histogram *histogram, RtPlotSeries **series, double *top)
{
    const RtPlotHistogram *plot = histogram->plot;
    *series = calloc((size_t)plot->sample_count + 1, sizeof **series);
    if (!*series)
        return false;
    for (int k = 0; k < plot->sample_count; k++)
        (*series)[k] = (RtPlotSeries){.label = plot->samples[k].label,
                                      .x = &histogram->x.high,
                                      .y = top,
                                      .count = 1,
                                      .colour = k};
    return true;
}

static void draw(PlotSvg *svg, const Histogram *histogram, PlotFrame *frame,
                 const PlotSeriesSet *names)
{
    const RtPlotHistogram *plot = histogram->plot;
    PlotSeriesSet curves = {plot->curves, plot->curve_count, NULL};
    char class[16];
    plot_frame_begin(svg, frame);
    plot_frame_grid(svg, frame);
    plot_frame_inside(svg, frame);
    for (int k = 0; k < plot->sample_count; k++) {
        plot_put(svg, "<g class=\"%s\">\n", plot_colour_class(k, plot->sample_count, class));
        put_bins(svg, histogram, frame, k);
        plot_put(svg, "</g>\n");
    }
    plot_series_draw(svg, frame, &curves);
    plot_frame_outside(svg);
    plot_frame_axes(svg, frame);
    if (plot->sample_count == 1)
        put_summary(svg, histogram, frame);
    plot_legend_draw(svg, frame, names);
}

static bool compose(const Histogram *histogram, RtFile *file, RtError *error)
{
    const RtPlotHistogram *plot = histogram->plot;
    RtPlotAxis y_axis = {.name = histogram->density ? "density" : "count"};
    PlotFrame frame = {.title = &plot->title, .x_axis = &plot->x, .y_axis = &y_axis};
    frame.y = height_scale(histogram);
    PlotExtent extent = {
        .low = histogram->x.low, .high = histogram->x.high, .log = plot->x.log, .some = true};
    frame.x = plot_scale(&plot->x, &extent, 0.03);
    double top = frame.y.high;
    RtPlotSeries *series;
    if (!name_samples(histogram, &series, &top))
        return rt_fail(error, RT_FAILED, "out of memory for a picture");
    PlotSeriesSet names = {series, plot->sample_count, NULL};
    frame.margin = plot_legend_width(&names);
    for (int k = 0; k < plot->curve_count; k++)
        plot_key(&frame, plot->curves[k].dashed ? PLOT_KEY_DASH : PLOT_KEY_LINE,
                 plot->curves[k].label);
    plot_leave_out(&frame, histogram->left_out, "value", plot->x.log);
    PlotSvg svg;
    plot_svg_begin(&svg, file, &plot->title);
    draw(&svg, histogram, &frame, &names);
    free(series);
    return plot_svg_end(&svg, error);
}

bool rt_plot_histogram(const RtPlotHistogram *plot, RtFile *svg, RtError *error)
{
    Histogram histogram = {.plot = plot, .density = plot->curve_count || plot->sample_count > 1};
    *svg = (RtFile){0};
    bool done = gather(&histogram);
    if (!done) {
        rt_fail(error, RT_FAILED, "out of memory for a picture");
    } else {
        choose_bins(&histogram);
        fill_bins(&histogram);
        done = compose(&histogram, svg, error);
    }
    free(histogram.sorted);
    free(histogram.heights);
    return done;
}
