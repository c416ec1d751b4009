/* SPDX-License-Identifier: Apache-2.0
 *
 * Heat maps. Cells of one colour are one path, and neighbours in a row one rectangle, which keeps
 * the file small and free of seams.
 */
#include "lib/plot_colour.h"
#include "lib/plot_contour.h"
#include "lib/plot_series.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CELLS = 1 << 20, /* more would be finer than any page, in a file of many megabytes */
    LEVELS = 255,         /* odd, so that zero has a colour of its own */
    MISSING = -1,
    SLABS = 128
};

/* Pixels. */
static const double bar_gap = 16, bar_width = 14, arrow_size = 9, hatch_gap = 6;

/* One direction of the grid, in ascending order. */
typedef struct Side {
    int32_t count;
    int32_t *order; /* place in the caller's array */
    double *at;     /* centres, pixels */
    double *edges;  /* count + 1, pixels */
    double *values;
} Side;

typedef struct Heat {
    const RtPlotHeat *plot;
    Side x, y;
    double *values;             /* [y.count][x.count]; logarithms where z.log */
    bool centred, below, above; /* below, above: some values lie beyond the bar */
    PlotScale bar;
    int64_t missing;
} Heat;

/* Neighbours of one colour in a row of cells. */
typedef struct Run {
    int32_t level, row, from, to;
} Run;

static bool allocate(Heat *heat, RtError *error)
{
    const RtPlotHeat *plot = heat->plot;
    if (plot->x_count < 1 || plot->y_count < 1)
        return rt_fail(error, RT_FAILED, "a heat map needs at least one cell");
    if (plot->x_count > MOST_CELLS / plot->y_count)
        return rt_fail(error, RT_FAILED, "a heat map of %lld by %lld cells: at most %d are drawn",
                       (long long)plot->x_count, (long long)plot->y_count, MOST_CELLS);
    heat->values = calloc((size_t)(plot->x_count * plot->y_count), sizeof *heat->values);
    bool done = heat->values;
    for (int i = 0; i < 2; i++) {
        Side *side = i ? &heat->y : &heat->x;
        side->count = (int32_t)(i ? plot->y_count : plot->x_count);
        size_t count = (size_t)side->count;
        side->order = calloc(count, sizeof *side->order);
        side->at = calloc(count, sizeof *side->at);
        side->values = calloc(count, sizeof *side->values);
        side->edges = calloc(count + 1, sizeof *side->edges);
        done = done && side->order && side->at && side->values && side->edges;
    }
    return done || rt_fail(error, RT_FAILED, "out of memory for a picture");
}

static void release(Heat *heat)
{
    for (int i = 0; i < 2; i++) {
        Side *side = i ? &heat->y : &heat->x;
        free(side->order);
        free(side->at);
        free(side->values);
        free(side->edges);
    }
    free(heat->values);
}

typedef struct Place {
    double value;
    int32_t index;
} Place;

static int compare_places(const void *a, const void *b)
{
    double x = ((const Place *)a)->value, y = ((const Place *)b)->value;
    return (x > y) - (x < y);
}

static bool sort_side(Side *side, const double *values, const RtPlotAxis *axis, RtError *error)
{
    const char *name = axis->name ? axis->name : "a heat map";
    Place *places = calloc((size_t)side->count, sizeof *places);
    if (!places)
        return rt_fail(error, RT_FAILED, "out of memory for a picture");
    bool good = true;
    for (int32_t i = 0; i < side->count && good; i++) {
        places[i] = (Place){values[i], i};
        if (!plot_shows(axis->log, values[i]))
            good = rt_fail(error, RT_FAILED, "%s: %g has no place on %s axis", name, values[i],
                           axis->log ? "a logarithmic" : "an");
    }
    if (good)
        qsort(places, (size_t)side->count, sizeof *places, compare_places);
    for (int32_t i = 0; i < side->count && good; i++) {
        side->order[i] = places[i].index;
        side->values[i] = places[i].value;
        if (i > 0 && places[i].value == places[i - 1].value)
            good = rt_fail(error, RT_FAILED, "%s: %g occurs twice on the axis of a heat map", name,
                           places[i].value);
    }
    free(places);
    return good;
}

/* From half a cell before the first centre to half a cell after the last. */
static PlotScale side_scale(const Side *side, const RtPlotAxis *axis)
{
    PlotExtent extent = {.log = axis->log};
    int32_t last = side->count - 1;
    plot_extend(&extent, side->values[0]);
    plot_extend(&extent, side->values[last]);
    RtPlotAxis whole = *axis;
    if (!(axis->low < axis->high) && last > 0) {
        const double *v = side->values;
        whole.low = axis->log ? v[0] / sqrt(v[1] / v[0]) : v[0] - (v[1] - v[0]) / 2;
        whole.high = axis->log ? v[last] * sqrt(v[last] / v[last - 1])
                               : v[last] + (v[last] - v[last - 1]) / 2;
    }
    return plot_scale(&whole, &extent, 0);
}

static void place_side(Side *side, const PlotScale *scale)
{
    int32_t last = side->count - 1;
    for (int32_t i = 0; i <= last; i++)
        side->at[i] = plot_at(scale, side->values[i]);
    for (int32_t i = 0; i < last; i++)
        side->edges[i + 1] = (side->at[i] + side->at[i + 1]) / 2;
    side->edges[0] = last ? 2 * side->at[0] - side->edges[1] : scale->start;
    side->edges[last + 1] = last ? 2 * side->at[last] - side->edges[last] : scale->end;
}

static void sort_values(Heat *heat)
{
    const RtPlotHeat *plot = heat->plot;
    for (int32_t j = 0; j < heat->y.count; j++)
        for (int32_t i = 0; i < heat->x.count; i++)
            heat->values[(int64_t)j * heat->x.count + i] =
                plot->zs[heat->y.order[j] * plot->x_count + heat->x.order[i]];
}

/* What the colours stand for. */
static void range_values(Heat *heat)
{
    const RtPlotHeat *plot = heat->plot;
    PlotExtent extent = {.log = plot->z.log};
    int64_t count = plot->x_count * plot->y_count;
    for (int64_t i = 0; i < count; i++) {
        heat->missing += !plot_shows(extent.log, heat->values[i]);
        plot_extend(&extent, heat->values[i]);
    }
    bool clipped = plot->clip > 0 && isfinite(plot->clip);
    heat->centred = !plot->z.log && (clipped || (extent.low < 0 && extent.high > 0));
    RtPlotAxis axis = plot->z;
    if (heat->centred) {
        axis.high = clipped ? plot->clip : fmax(-extent.low, extent.high);
        axis.low = -axis.high;
    }
    heat->bar = plot_scale(&axis, &extent, 0);
    heat->below = extent.some && extent.low < heat->bar.low;
    heat->above = extent.some && extent.high > heat->bar.high;
}

static int32_t level_of(const Heat *heat, double value)
{
    if (!plot_shows(heat->bar.log, value))
        return MISSING;
    PlotScale levels = heat->bar;
    levels.start = 0;
    levels.end = LEVELS - 1;
    return (int32_t)lround(fmin(fmax(plot_at(&levels, value), 0), LEVELS - 1));
}

static uint32_t colour_of(const Heat *heat, double share)
{
    return heat->centred ? plot_diverging(2 * share - 1) : plot_sequential(share);
}

static int compare_runs(const void *a, const void *b)
{
    const Run *x = a, *y = b;
    int32_t difference = x->level != y->level ? x->level - y->level
                         : x->row != y->row   ? x->row - y->row
                                              : x->from - y->from;
    return (difference > 0) - (difference < 0);
}

static size_t find_runs(const Heat *heat, Run *runs)
{
    size_t count = 0;
    for (int32_t j = 0; j < heat->y.count; j++) {
        const double *row = heat->values + (int64_t)j * heat->x.count;
        for (int32_t i = 0; i < heat->x.count; i++) {
            int32_t level = level_of(heat, row[i]);
            if (i > 0 && runs[count - 1].level == level)
                runs[count - 1].to = i + 1;
            else
                runs[count++] = (Run){level, j, i, i + 1};
        }
    }
    qsort(runs, count, sizeof *runs, compare_runs);
    return count;
}

/* Diagonals x + y = a multiple of hatch_gap, where they are inside the run. */
static void put_hatch(PlotSvg *svg, const Heat *heat, const Run *run)
{
    double left = heat->x.edges[run->from], right = heat->x.edges[run->to];
    double top = heat->y.edges[run->row + 1], bottom = heat->y.edges[run->row];
    for (double sum = ceil((left + top) / hatch_gap) * hatch_gap; sum < right + bottom;
         sum += hatch_gap) {
        double from = fmax(left, sum - bottom), to = fmin(right, sum - top);
        plot_put(svg, "M%f %fL%f %f", from, sum - from, to, sum - to);
    }
}

static void put_run(PlotSvg *svg, const Heat *heat, const Run *run)
{
    double left = heat->x.edges[run->from], right = heat->x.edges[run->to];
    double top = heat->y.edges[run->row + 1], bottom = heat->y.edges[run->row];
    plot_put(svg, "M%f %fH%fV%fH%fZ", left, top, right, bottom, left);
}

static void put_colour(PlotSvg *svg, uint32_t colour)
{
    char text[16];
    snprintf(text, sizeof text, "#%06x", colour);
    plot_put(svg, "<path fill=\"%s\" d=\"", text);
}

static void put_cells(PlotSvg *svg, const Heat *heat)
{
    size_t most = (size_t)heat->x.count * (size_t)heat->y.count;
    Run *runs = calloc(most, sizeof *runs);
    if (!runs) {
        svg->failed = true;
        return;
    }
    size_t count = find_runs(heat, runs), i = 0;
    plot_put(svg, "<path class=\"hatch\" d=\"");
    for (; i < count && runs[i].level == MISSING; i++)
        put_hatch(svg, heat, &runs[i]);
    plot_put(svg, "\"/>\n<g class=\"cells\">\n");
    while (i < count) {
        int32_t level = runs[i].level;
        put_colour(svg, colour_of(heat, (double)level / (LEVELS - 1)));
        for (; i < count && runs[i].level == level; i++)
            put_run(svg, heat, &runs[i]);
        plot_put(svg, "\"/>\n");
    }
    plot_put(svg, "</g>\n");
    free(runs);
}

/* A dark line with a light edge, which stands out from every colour. */
static void put_contour(PlotSvg *svg, const Heat *heat)
{
    PlotGrid grid = {heat->x.at, heat->y.at, heat->values, heat->x.count, heat->y.count};
    for (int layer = 0; layer < 2; layer++) {
        plot_put(svg, "<path class=\"%s\" d=\"", layer ? "zero" : "over");
        plot_contour(svg, &grid);
        plot_put(svg, "\"/>\n");
    }
}

static void put_arrow(PlotSvg *svg, double x, double y, double height, uint32_t colour)
{
    put_colour(svg, colour);
    plot_put(svg, "M%f %fh%fL%f %fZ\"/>\n", x, y, bar_width, x + bar_width / 2, y - height);
}

static void put_bar(PlotSvg *svg, Heat *heat, const PlotFrame *frame)
{
    double x = frame->right + bar_gap;
    double top = frame->top + (heat->above ? arrow_size : 0);
    double bottom = frame->bottom - (heat->below ? arrow_size : 0);
    double slab = (bottom - top) / (double)SLABS;
    heat->bar.start = bottom;
    heat->bar.end = top;
    plot_put(svg, "<g class=\"cells\">\n");
    for (int i = 0; i < SLABS; i++) {
        /* each reaches a little over the one before, lest the page shine through */
        double height = slab + (i > 0 ? 0.5 : 0);
        put_colour(svg, colour_of(heat, (i + 0.5) / (double)SLABS));
        plot_put(svg, "M%f %fh%fv%fh%fZ\"/>\n", x, bottom - slab * (i + 1), bar_width, height,
                 -bar_width);
    }
    plot_put(svg, "</g>\n");
    if (heat->above)
        put_arrow(svg, x, top, arrow_size, colour_of(heat, 1));
    if (heat->below)
        put_arrow(svg, x, bottom, -arrow_size, colour_of(heat, 0));
    if (heat->centred) {
        double zero = plot_at(&heat->bar, 0);
        for (int layer = 0; layer < 2; layer++)
            plot_put(svg, "<path class=\"%s\" d=\"M%f %fh%f\"/>\n", layer ? "zero" : "over", x,
                     zero, bar_width);
    }
}

/* Ticks of the bar, which stands as high as the frame, and its name at the page's edge. */
static void put_bar_text(PlotSvg *svg, const Heat *heat, const PlotFrame *frame,
                         const PlotTicks *ticks)
{
    plot_side_ticks(svg, &heat->bar, ticks, frame->right + bar_gap + bar_width);
    PlotLabel name = {.x = PLOT_WIDTH - 14,
                      .y = frame->bottom,
                      .style = PLOT_BODY,
                      .upward = true,
                      .room = frame->bottom - frame->top};
    plot_name(svg, &name, &heat->plot->z, ticks->power);
}

static void draw(PlotSvg *svg, Heat *heat, PlotFrame *frame, const PlotTicks *ticks)
{
    const RtPlotHeat *plot = heat->plot;
    plot_frame_begin(svg, frame);
    place_side(&heat->x, &frame->x);
    place_side(&heat->y, &frame->y);
    plot_put(svg, "<rect class=\"void\" x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"/>\n",
             frame->left, frame->top, frame->right - frame->left, frame->bottom - frame->top);
    plot_frame_inside(svg, frame);
    put_cells(svg, heat);
    if (heat->centred)
        put_contour(svg, heat);
    for (int k = 0; k < plot->series_count; k++) {
        plot_series_path(svg, frame, &plot->series[k], "over");
        plot_series_path(svg, frame, &plot->series[k], plot->series[k].dashed ? "guess" : "zero");
    }
    plot_frame_outside(svg);
    plot_frame_axes(svg, frame);
    put_bar(svg, heat, frame);
    put_bar_text(svg, heat, frame, ticks);
}

static double widest(const PlotTicks *ticks)
{
    double width = 0;
    for (int i = 0; i < ticks->count; i++)
        width = fmax(width, plot_text_width(ticks->major[i].text, PLOT_SMALL));
    return width;
}

/* The frame's needs, and the page; the values are sorted and ranged. */
static bool compose(Heat *heat, RtFile *file, RtError *error)
{
    const RtPlotHeat *plot = heat->plot;
    PlotFrame frame = {.title = &plot->title, .x_axis = &plot->x, .y_axis = &plot->y};
    frame.x = side_scale(&heat->x, &plot->x);
    frame.y = side_scale(&heat->y, &plot->y);
    PlotTicks ticks;
    heat->bar.start = PLOT_HEIGHT; /* about as dense as they will be */
    plot_ticks(&heat->bar, 6, &ticks);
    frame.margin = bar_gap + bar_width + 7 + widest(&ticks) + 34;
    char zero[160];
    snprintf(zero, sizeof zero, "%s = 0", plot->z.name ? plot->z.name : "value");
    if (heat->centred)
        plot_key(&frame, PLOT_KEY_CONTOUR, zero);
    for (int k = 0; k < plot->series_count; k++)
        plot_key(&frame, plot->series[k].dashed ? PLOT_KEY_GUESS : PLOT_KEY_CONTOUR,
                 plot->series[k].label);
    plot_leave_out(&frame, heat->missing, "hatched cell", plot->z.log);
    PlotSvg svg;
    plot_svg_begin(&svg, file, &plot->title);
    draw(&svg, heat, &frame, &ticks);
    return plot_svg_end(&svg, error);
}

bool rt_plot_heat(const RtPlotHeat *plot, RtFile *svg, RtError *error)
{
    Heat heat = {.plot = plot};
    *svg = (RtFile){0};
    bool done = allocate(&heat, error) && sort_side(&heat.x, plot->xs, &plot->x, error) &&
                sort_side(&heat.y, plot->ys, &plot->y, error);
    if (done) {
        sort_values(&heat);
        range_values(&heat);
        done = compose(&heat, svg, error);
    }
    release(&heat);
    return done;
}
