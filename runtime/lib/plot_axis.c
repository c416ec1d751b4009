/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps of a linear axis are 1, 2 or 5 times a power of ten; its ticks are integers times the step,
 * and their labels are those integers' digits, so that no label shows a rounding error.
 */
#include "lib/plot_axis.h"

#include "lib/plot_svg.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ranges that are narrower, as a share of their place or as such, count as empty: their ticks could
 * not be told apart, or would be denormal. */
static const double least_share = 1e-11, least_span = 1e-290;
/* What lies beyond is drawn as if it lay here, so that no width or step overflows. */
static const double greatest = DBL_MAX / 16, greatest_power = 306;

bool plot_shows(bool log, double value)
{
    return isfinite(value) && (!log || value > 0);
}

void plot_extend(PlotExtent *extent, double value)
{
    if (!plot_shows(extent->log, value))
        return;
    extent->low = extent->some ? fmin(extent->low, value) : value;
    extent->high = extent->some ? fmax(extent->high, value) : value;
    extent->some = true;
}

static double bound(double value)
{
    return fmin(fmax(value, -greatest), greatest);
}

/* The logarithm on a logarithmic axis. */
static double unwrap(bool log, double value)
{
    return log ? fmin(fmax(log10(value), -greatest_power), greatest_power) : bound(value);
}

static double wrap(bool log, double value)
{
    return log ? pow(10, fmin(fmax(value, -greatest_power), greatest_power)) : bound(value);
}

PlotScale plot_scale(const RtPlotAxis *axis, const PlotExtent *extent, double margin)
{
    bool own = isfinite(axis->low) && isfinite(axis->high) && axis->low < axis->high &&
               (!axis->log || axis->low > 0);
    bool log = axis->log;
    double low = own ? axis->low : extent->some ? extent->low : 1;
    double high = own ? axis->high : extent->some ? extent->high : log ? 10 : 2;
    low = unwrap(log, low);
    high = unwrap(log, high);
    double size = fmax(fabs(low), fabs(high));
    if (!(high - low > fmax(least_span, size * least_share))) {
        double half = log ? log10(2) : size > least_span ? size * 0.1 : 1;
        low -= half;
        high += half;
    } else if (!own) {
        double more = (high - low) * margin;
        low -= more;
        high += more;
    }
    return (PlotScale){.log = log, .low = wrap(log, low), .high = wrap(log, high)};
}

double plot_at(const PlotScale *scale, double value)
{
    double low = unwrap(scale->log, scale->low), high = unwrap(scale->log, scale->high);
    double share = (unwrap(scale->log, value) - low) / (high - low);
    return scale->start + share * (scale->end - scale->start);
}

/* count × factor × 10^exponent, as close as doubles come */
static double decimal(int64_t integer, int exponent)
{
    if (exponent < -300)
        return (double)integer * pow(10, exponent);
    return exponent < 0 ? (double)integer / pow(10, -exponent)
                        : (double)integer * pow(10, exponent);
}

/* The digits of integer × 10^exponent. */
static void write_decimal(int64_t integer, int exponent, char text[56])
{
    const char *sign = integer < 0 ? "−" : "";
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRId64, integer < 0 ? -integer : integer);
    if (integer == 0) {
        snprintf(text, 56, "0");
    } else if (exponent >= 0) {
        snprintf(text, 56, "%s%s%.*s", sign, digits, exponent, "000000000000");
    } else if (size <= -exponent) {
        snprintf(text, 56, "%s0.%.*s%s", sign, -exponent - size, "0000000000000000", digits);
    } else {
        snprintf(text, 56, "%s%.*s.%s", sign, size + exponent, digits, digits + size + exponent);
    }
}

typedef struct Step {
    int factor, exponent; /* factor × 10^exponent, factor 1, 2 or 5 */
} Step;

/* The round step that is nearest to `raw` as a factor: 1, 2, 5 change over at geometric means. */
static Step round_step(double raw, bool whole)
{
    Step step = {1, (int)floor(log10(raw))};
    double rest = raw / decimal(1, step.exponent);
    if (rest * rest > 50)
        step.exponent++;
    else if (rest * rest > 2)
        step.factor = rest * rest > 10 ? 5 : 2;
    return whole && step.exponent < 0 ? (Step){1, 0} : step;
}

/* Ticks of a linear axis, and of a logarithmic one that is too short for decades. */
static void linear_ticks(const PlotScale *scale, int wanted, PlotTicks *ticks)
{
    double low = bound(scale->low), high = bound(scale->high);
    Step step = round_step((high - low) / wanted, scale->whole || scale->ranks);
    double size = decimal(step.factor, step.exponent);
    int64_t first = (int64_t)ceil(low / size - 1e-9), last = (int64_t)floor(high / size + 1e-9);
    if (scale->ranks && first < 1)
        first = 1;
    int64_t most = llabs(first) > llabs(last) ? llabs(first) : llabs(last);
    int magnitude = most ? (int)floor(log10((double)most * step.factor) + 1e-9) + step.exponent : 0;
    /* 0.002 and 40000 are read at a glance; of longer ones a power of ten is taken out, unless all
     * their digits matter */
    bool shorter = magnitude < -3 || (magnitude > 4 && step.exponent > 2);
    ticks->power = shorter ? magnitude : 0;
    for (int64_t i = first; i <= last && ticks->count < PLOT_TICKS; i++) {
        PlotTick *tick = &ticks->major[ticks->count++];
        tick->at = decimal(i * step.factor, step.exponent);
        write_decimal(i * step.factor, step.exponent - ticks->power, tick->text);
    }
}

static void write_power(int factor, int exponent, bool plain, char text[56])
{
    char power[32];
    if (plain)
        write_decimal(factor, exponent, text);
    else if (factor == 1)
        snprintf(text, 56, "%s", plot_power(exponent, power));
    else
        snprintf(text, 56, "%d×%s", factor, plot_power(exponent, power));
}

static bool within(const PlotScale *scale, double value)
{
    return value >= scale->low * (1 - 1e-9) && value <= scale->high * (1 + 1e-9);
}

static void add_minor(const PlotScale *scale, double value, PlotTicks *ticks)
{
    if (within(scale, value) && ticks->minor_count < PLOT_MINORS)
        ticks->minor[ticks->minor_count++] = value;
}

/* Minor ticks closer than so many pixels would be a smear. */
static const double least_gap = 4;

/* Decades, every `stride`th with a label; 2 and 5 as well where there are few. */
static void decade_ticks(const PlotScale *scale, int stride, bool halves, PlotTicks *ticks)
{
    int from = (int)floor(log10(scale->low)), to = (int)ceil(log10(scale->high));
    bool plain = from >= -3 && to <= 5;
    double decade = fabs(scale->end - scale->start) / (to - from > 1 ? to - from : 1);
    for (int exponent = from; exponent <= to; exponent++) {
        for (int factor = 1; factor < 10; factor++) {
            double value = decimal(factor, exponent);
            bool labelled =
                factor == 1 ? exponent % stride == 0 : halves && (factor == 2 || factor == 5);
            if (!labelled) {
                if (decade > least_gap * (factor == 1 ? 1 : 10))
                    add_minor(scale, value, ticks);
            } else if (within(scale, value) && ticks->count < PLOT_TICKS) {
                PlotTick *tick = &ticks->major[ticks->count++];
                tick->at = value;
                write_power(factor, exponent, plain, tick->text);
            }
        }
    }
}

void plot_ticks(const PlotScale *scale, int wanted, PlotTicks *ticks)
{
    *ticks = (PlotTicks){0};
    wanted = wanted < 2 ? 2 : wanted > PLOT_TICKS / 2 ? PLOT_TICKS / 2 : wanted;
    if (!scale->log) {
        linear_ticks(scale, wanted, ticks);
        return;
    }
    double decades = log10(scale->high) - log10(scale->low);
    if (decades < 0.7) {
        linear_ticks(scale, wanted, ticks);
        return;
    }
    static const int strides[] = {1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 400};
    int stride = 0;
    while (stride < 11 && strides[stride] * wanted < decades)
        stride++;
    decade_ticks(scale, strides[stride], false, ticks);
    if (ticks->count < 3 && decades < 0.6 * wanted) {
        *ticks = (PlotTicks){0};
        decade_ticks(scale, 1, true, ticks);
    }
    /* from 2.1 to 19.9 5 and 10 alone have a label */
    if (ticks->count < 3 && decades < 1) {
        *ticks = (PlotTicks){0};
        linear_ticks(scale, wanted, ticks);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool rt_plot_geometric(const double *values, int64_t count)
{
    if (count < 3 || (uint64_t)count > SIZE_MAX / sizeof *values)
        return false;
    for (int64_t i = 0; i < count; i++)
        if (!plot_shows(true, values[i]))
            return false;
    double *sorted = malloc((size_t)count * sizeof *sorted);
    if (!sorted)
        return false;
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    /* even steps make the middle number the mean of the ends: which mean is it nearer to? */
    double low = sorted[0], high = sorted[count - 1], middle = sorted[count / 2];
    double place = (double)(count / 2) / (double)(count - 1);
    free(sorted);
    if (!(high > low))
        return false;
    double even = fabs((middle - low) / (high - low) - place);
    double geometric = fabs(log(middle / low) / log(high / low) - place);
    return geometric < even && high / low >= 4;
}
