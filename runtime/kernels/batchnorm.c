/* SPDX-License-Identifier: Apache-2.0
 *
 * batchnorm and standardize: statistics of features over samples.
 *
 * batchnorm runs in one tile that holds the whole batch (RnRegion.lockstep). A feature's sums run
 * over its positions and the tile's vectors with 16 partial sums, which are then added in ascending
 * order in double. Lanes behind the last sample count as nothing.
 */
#include "kernels/kernels.h"

#include "core/pass.h"

#include <math.h>

static const double EPSILON = 1e-5, MOMENTUM = 0.1;

typedef struct Feature {
    const real *x;
    int64_t step, groups; /* reals from position to position */
    int64_t valid;
} Feature;

/* Sum over the samples of (x − centre)(other − shift), or of x − centre where other is NULL. */
static double feature_sum(const Feature *f, double centre, const real *other, double shift)
{
    vreal sum = {};
    for (int64_t g = 0; g < f->groups; g++)
        for (int64_t lane = 0; lane < f->valid; lane += RNK_LANES) {
            int64_t at = g * f->step + lane;
            int64_t left = f->valid - lane;
            vreal value = rnk_load(f->x + at) - (real)centre;
            if (other)
                value = value * (rnk_load(other + at) - (real)shift);
            for (int64_t l = left; l < RNK_LANES; l++)
                value[l] = 0;
            sum = sum + value;
        }
    double total = 0;
    for (int l = 0; l < RNK_LANES; l++)
        total += (double)sum[l];
    return total;
}

static void feature_affine(const Feature *f, real *y, int64_t width, double centre, double scale)
{
    for (int64_t g = 0; g < f->groups; g++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            int64_t at = g * f->step + lane;
            rnk_store(y + at, (rnk_load(f->x + at) - (real)centre) * (real)scale);
        }
}

/* Mean and biased variance of a feature over the batch. */
static void feature_moments(const Feature *f, double *mean, double *variance)
{
    double count = (double)f->groups * (double)f->valid;
    *mean = feature_sum(f, 0, NULL, 0) / count;
    *variance = feature_sum(f, *mean, f->x, *mean) / count;
}

static void run_average(real *running, double fresh)
{
    *running = (real)((1 - MOMENTUM) * (double)*running + MOMENTUM * fresh);
}

RNK_API void rnk_batchnorm(const RnPass *pass, const RnTile *tile, const real *x, real *y,
                           int64_t n, int64_t groups, int64_t width, real *mean, real *variance)
{
    double count = (double)groups * (double)tile->valid;
    for (int64_t r = 0; r < n; r++) {
        Feature f = {x + r * width, n * width, groups, tile->valid};
        double centre = (double)mean[r], spread = (double)variance[r];
        if (rn_trains(pass)) {
            feature_moments(&f, &centre, &spread);
            run_average(&mean[r], centre);
            run_average(&variance[r], count > 1 ? spread * count / (count - 1) : spread);
        }
        feature_affine(&f, y + r * width, width, centre, 1 / sqrt(spread + EPSILON));
    }
}

/* y = s·(d − mean(d) − z·mean(d·z)), z = (x − mean)·s. */
static void feature_back(const Feature *f, const real *d, real *y, int64_t width)
{
    double mean, variance, count = (double)f->groups * (double)f->valid;
    feature_moments(f, &mean, &variance);
    double scale = 1 / sqrt(variance + EPSILON);
    Feature of_d = {d, f->step, f->groups, f->valid};
    double centre = feature_sum(&of_d, 0, NULL, 0) / count;
    double slope = feature_sum(f, mean, d, 0) * scale / count * scale;
    for (int64_t g = 0; g < f->groups; g++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            int64_t at = g * f->step + lane;
            vreal along = (rnk_load(f->x + at) - (real)mean) * (real)slope;
            rnk_store(y + at, (rnk_load(d + at) - (real)centre - along) * (real)scale);
        }
}

RNK_API void rnk_batchnorm_back(const RnPass *pass, const RnTile *tile, const real *x,
                                const real *d, real *y, int64_t n, int64_t groups, int64_t width,
                                const real *variance)
{
    for (int64_t r = 0; r < n; r++) {
        int64_t at = r * width;
        Feature f = {x + at, n * width, groups, tile->valid};
        Feature of_d = {d + at, n * width, groups, tile->valid};
        if (rn_trains(pass))
            feature_back(&f, d + at, y + at, width);
        else
            feature_affine(&of_d, y + at, width, 0, 1 / sqrt((double)variance[r] + EPSILON));
    }
}

RNK_API void rnk_standardize(const RnPass *pass, const RnTile *tile, const real *x, real *y,
                             int64_t rows, int64_t width, const real *mean, const real *inverse)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            vreal value = rnk_load(x + r * width + lane);
            vreal fitted = (value - mean[r]) * inverse[r];
            rnk_store(y + r * width + lane, rn_fits(pass) ? value : fitted);
        }
    if (!rn_fits(pass) || !pass->call->fit)
        return;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t s = 0; s < tile->valid; s++) {
            double value = (double)x[r * width + s];
            pass->call->fit[r] += value;
            pass->call->fit[rows + r] += value * value;
        }
}
