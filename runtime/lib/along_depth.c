/* SPDX-License-Identifier: Apache-2.0
 *
 * The statistics, in double; one walk over the layers for the sums, one over the entries for the
 * roughness.
 */
#include "lib/along_depth.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_LAGS = 48, LEAST_LAGS = 2 };

static double read_real(const RtPath *path, const void *values, int64_t place, bool absolute)
{
    double value = rt_real(values, place, path->real_size);
    return absolute ? fabs(value) : value;
}

static double scaled(const RtPath *path, const void *weight, const void *alpha, int64_t layer,
                     int64_t entry)
{
    double value = read_real(path, weight, layer * path->size + entry, path->weight_absolute);
    if (!alpha)
        return value;
    int64_t from = layer < path->alpha_layers ? layer : path->alpha_layers - 1;
    /* a matrix lies [in][out], so its row is the place within out */
    int64_t place = from * path->alpha_size + entry % path->alpha_size;
    return value * read_real(path, alpha, place, path->alpha_absolute);
}

double rt_path_at(const RtPath *path, int64_t layer, int64_t entry)
{
    double value = scaled(path, path->weight, path->alpha, layer, entry);
    return path->start ? value - scaled(path, path->start, path->alpha_start, layer, entry) : value;
}

/* What one layer adds, given the layer before it. */
typedef struct Layer {
    double square, change, product;
} Layer;

static Layer walk_layer(const RtPath *path, int64_t k, double *before, double *total)
{
    Layer layer = {0};
    for (int64_t i = 0; i < path->size; i++) {
        double value = rt_path_at(path, k, i), step = value - before[i];
        layer.square += value * value;
        layer.change += step * step;
        layer.product += value * before[i];
        total[i] += value;
        before[i] = value;
    }
    return layer;
}

bool rt_depth_sums(const RtPath *path, RtDepthSums *sums)
{
    double *before = calloc((size_t)path->size, sizeof *before);
    double *total = calloc((size_t)path->size, sizeof *total);
    double squares = 0, first = 0, last = 0, products = 0, most = 0, jump = 0, sum = 0;
    *sums = (RtDepthSums){0};
    for (int64_t k = 0; before && total && k < path->layers; k++) {
        Layer layer = walk_layer(path, k, before, total);
        squares += layer.square;
        most = fmax(most, layer.square);
        first = k == 0 ? layer.square : first;
        last = layer.square;
        if (k == 0)
            continue;
        products += layer.product;
        sums->quadratic_variation += layer.change;
        jump = fmax(jump, layer.change);
    }
    for (int64_t i = 0; total && i < path->size; i++)
        sum += total[i] * total[i];
    sums->max_norm = sqrt(most);
    sums->increment = sqrt(jump);
    sums->root_sum_square = sqrt(squares);
    sums->sum_norm = sqrt(sum);
    sums->lag1 = products / sqrt((squares - last) * (squares - first));
    bool good = before && total;
    free(before);
    free(total);
    return good;
}

/* Adds Σ_k (S_{k+τ} − S_k)² of one entry to the sum of each lag; sums[layers + 1] is S. */
static void add_lags(const RtPath *path, const double *sums, int lags, double *squares)
{
    for (int lag = 0; lag < lags; lag++) {
        int64_t step = (int64_t)1 << lag;
        for (int64_t k = 0; k + step <= path->layers; k++) {
            double change = sums[k + step] - sums[k];
            squares[lag] += change * change;
        }
    }
}

/* Slope of log mean square against log lag, by least squares. */
static double slope_of(const RtPath *path, const double *squares, int lags)
{
    double x_mean = (double)(lags - 1) / 2, y_mean = 0, xx = 0, xy = 0, y[MOST_LAGS];
    for (int lag = 0; lag < lags; lag++) {
        int64_t pairs = path->layers + 1 - ((int64_t)1 << lag);
        y[lag] = log2(squares[lag] / (double)pairs);
        y_mean += y[lag] / (double)lags;
    }
    for (int lag = 0; lag < lags; lag++) {
        double x = (double)lag - x_mean;
        xx += x * x;
        xy += x * (y[lag] - y_mean);
    }
    return xy / xx;
}

bool rt_roughness(const RtPath *path, double *exponent)
{
    double squares[MOST_LAGS] = {0};
    int lags = 0;
    while (lags < MOST_LAGS && (int64_t)1 << lags <= path->layers / 8)
        lags++;
    *exponent = (double)NAN;
    if (lags < LEAST_LAGS)
        return true;
    double *sums = calloc((size_t)path->layers + 1, sizeof *sums);
    if (!sums)
        return false;
    for (int64_t i = 0; i < path->size; i++) {
        for (int64_t k = 0; k < path->layers; k++)
            sums[k + 1] = sums[k] + rt_path_at(path, k, i);
        add_lags(path, sums, lags, squares);
    }
    free(sums);
    *exponent = slope_of(path, squares, lags) / 2;
    return true;
}
