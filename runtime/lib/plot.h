/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures as SVG: heat maps, lines with bands, histograms, spectra. The caller fills a struct of
 * borrowed pointers and gets the bytes of a file, which depend on nothing else. Strings are UTF-8
 * or NULL; anything in them is escaped. Numbers that are not finite are data: such a cell is
 * hatched, such a point is a gap, and a note under the picture counts them.
 */
#ifndef RNET_LIB_PLOT_H
#define RNET_LIB_PLOT_H

#include "lib/error.h"
#include "lib/file.h"

#include <stdint.h>

/* Above the picture in bold, below that in grey (a doc string), and at the foot in small print. */
typedef struct RtPlotTitle {
    const char *title, *subtitle, *note;
} RtPlotTitle;

/* "beta" and "exponent of 1/L": a param's name and doc, or a quantity's. The range is that of the
 * data, widened a little, where low = high. */
typedef struct RtPlotAxis {
    const char *name, *doc;
    bool log;
    double low, high;
} RtPlotAxis;

/* A straight line across the frame, with a word at its end; e.g. an optimum. */
typedef struct RtPlotMark {
    bool horizontal; /* at y = at, else at x = at */
    double at;
    const char *label;
} RtPlotMark;

/* y over x, in the order given. Series of one colour belong together: colours count from 0, and
 * RT_PLOT_INK is that of the text. Theory is dashed, in the colour of its measurements. */
typedef struct RtPlotSeries {
    const char *label; /* at its right end; NULL: none */
    const double *x, *y;
    const double *band; /* half the height of the band around y (standard error, sd), or NULL */
    int64_t count;
    int colour;
    bool dashed, dots; /* dots: a dot at each point as well */
} RtPlotSeries;

enum { RT_PLOT_INK = -1 };

typedef struct RtPlotLines {
    RtPlotTitle title;
    RtPlotAxis x, y;
    const RtPlotSeries *series;
    int series_count;
    const RtPlotMark *marks;
    int mark_count;
    const char *by;     /* what the labels are values of: a param's name, or NULL */
    const char *band;   /* "mean ± standard error", in the key; or NULL */
    const char *dashed; /* "theory", in the key; or NULL */
} RtPlotLines;

/* z[j * x_count + i] belongs to xs[i] and ys[j], in any order but without repetition; cells reach
 * half way to their neighbours. Colours are centred at zero where `clip` > 0 (cut to [-clip, clip])
 * or where z has both signs, and then the contour z = 0 is drawn, through the centres' linear
 * interpolation; else they run from the least to the greatest z. */
typedef struct RtPlotHeat {
    RtPlotTitle title;
    RtPlotAxis x, y;
    RtPlotAxis z; /* name and doc for the colour bar; log colours where z.log */
    const double *xs, *ys, *zs;
    int64_t x_count, y_count;
    double clip;
    const RtPlotSeries *series; /* over the map, e.g. where theory has the contour */
    int series_count;
} RtPlotHeat;

typedef struct RtPlotSample {
    const char *label; /* may be NULL */
    const double *values;
    int64_t count;
} RtPlotSample;

/* Counts of values in bins of equal width, which are those of all samples together; densities where
 * there are curves or several samples. */
typedef struct RtPlotHistogram {
    RtPlotTitle title;
    RtPlotAxis x;
    const RtPlotSample *samples;
    int sample_count;
    const RtPlotSeries *curves; /* densities, e.g. of a log-normal law */
    int curve_count;
    int bins; /* 0: chosen from the data */
} RtPlotHistogram;

/* Values over their rank, greatest first, y logarithmic. */
typedef struct RtPlotSpectrum {
    RtPlotTitle title;
    RtPlotAxis y;
    const RtPlotSample *samples;
    int sample_count;
    const RtPlotMark *marks; /* e.g. the theory's interval */
    int mark_count;
    const char *by; /* what the samples' labels are values of, or NULL */
} RtPlotSpectrum;

/* Each fills `svg`, which rt_file_free frees. */
bool rt_plot_lines(const RtPlotLines *plot, RtFile *svg, RtError *error);
bool rt_plot_heat(const RtPlotHeat *plot, RtFile *svg, RtError *error);
bool rt_plot_histogram(const RtPlotHistogram *plot, RtFile *svg, RtError *error);
bool rt_plot_spectrum(const RtPlotSpectrum *plot, RtFile *svg, RtError *error);

/* Writes the whole file or none of it. */
bool rt_plot_save(const char *path, const RtFile *svg, RtError *error);

/* Positive numbers that lie more evenly on a logarithmic axis, as those of `geomspace` do. */
bool rt_plot_geometric(const double *values, int64_t count);

#endif
