/* SPDX-License-Identifier: Apache-2.0
 *
 * Data that are made, not read. Each value is a function of the seed and its place.
 *
 * rotation: Cohen, Cont, Rossier and Xu (2021): x uniform in (-1, 1)^d, and its image under 100
 * steps of a rotating flow; both of unit length.
 */
#include "core/random.h"
#include "lib/config.h"
#include "lib/data.h"
#include "lib/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLOW_STEPS = 100 };

/* z ← z + K^(-1/2) tanh(sin(5πt/K) z + cos(5πt/K)), t = 0 … K - 1 */
static void rotate(double *z, int64_t dim)
{
    for (int t = 0; t < FLOW_STEPS; t++) {
        double angle = 5 * 3.14159265358979323846 * t / (double)FLOW_STEPS;
        double s = sin(angle), c = cos(angle);
        for (int64_t i = 0; i < dim; i++)
            z[i] += tanh(s * z[i] + c) / sqrt((double)FLOW_STEPS);
    }
}

static void store_unit(const double *z, int64_t dim, void *out, int64_t row, int32_t real_size)
{
    double sum = 0;
    for (int64_t i = 0; i < dim; i++)
        sum += z[i] * z[i];
    double scale = sum > 0 ? 1 / sqrt(sum) : 0;
    for (int64_t i = 0; i < dim; i++)
        rt_set_real(out, row * dim + i, real_size, z[i] * scale);
}

static bool allocate_table(RtTable *table, int64_t count, int64_t dim, int32_t real_size,
                           RtError *error)
{
    size_t bytes;
    *table = (RtTable){.count = count, .features = dim, .outputs = dim};
    snprintf(table->source, sizeof table->source, "rotation");
    if (rt_bytes(count, dim, (size_t)real_size, &bytes)) {
        table->values = malloc(bytes ? bytes : 1);
        table->targets = malloc(bytes ? bytes : 1);
    }
    return (table->values && table->targets) ||
           rt_fail(error, RT_FAILED, "out of memory for %lld samples of %lld numbers",
                   (long long)count, (long long)dim);
}

static bool make_rotation(const RtRequest *request, const char *name, int64_t count, RtTable *table,
                          RtError *error)
{
    int64_t dim = request->data->dim;
    int32_t real_size = request->program->real_size;
    uint64_t stream = rn_stream(name, request->seed, 0);
    double *z = malloc((size_t)dim * sizeof *z);
    if (!allocate_table(table, count, dim, real_size, error) || !z) {
        free(z);
        return z || rt_fail(error, RT_FAILED, "out of memory");
    }
    for (int64_t row = 0; row < count; row++) {
        for (int64_t i = 0; i < dim; i++)
            z[i] = 2 * rn_uniform(stream, 0, (uint64_t)(row * dim + i)) - 1;
        store_unit(z, dim, table->values, row, real_size);
        rotate(z, dim);
        store_unit(z, dim, table->targets, row, real_size);
    }
    free(z);
    return true;
}

bool rt_synthetic_load(const RtRequest *request, RtData *data, RtError *error)
{
    const RnData *want = request->data;
    if (want->kind != RN_DATA_ROTATION)
        return rt_fail(error, RT_USAGE, "this version has no data of the kind '%s' to train on",
                       rt_data_name(want->kind));
    if (want->dim < 1 || want->dim > 1 << 20 || want->train < 1 || want->test < 0)
        return rt_fail(error, RT_BAD_DATA,
                       "rotation: %lld numbers, %lld samples to train, %lld "
                       "to test",
                       (long long)want->dim, (long long)want->train, (long long)want->test);
    return make_rotation(request, "data/rotation/train", want->train, &data->train, error) &&
           make_rotation(request, "data/rotation/test", want->test, &data->test, error);
}

static void fill_uniform(const RtRequest *request, uint64_t stream, int64_t items, void *x)
{
    double low = rt_formula(request->data->low, request->config, 0);
    double high = rt_formula(request->data->high, request->config, 1);
    for (int64_t i = 0; i < items; i++)
        rt_set_real(x, i, request->program->real_size,
                    low + (high - low) * rn_uniform(stream, 0, (uint64_t)i));
}

/* x_a = √|ρ| (±1)^a u + √(1 - |ρ|) z_a with one u for all: every pair overlaps by ρ; where ρ is
 * negative, each even row with each odd one. */
static void fill_gaussian(const RtRequest *request, uint64_t stream, int64_t count, void *x)
{
    double overlap = rt_formula(request->data->overlap, request->config, 0);
    double shared = sqrt(fabs(overlap)), own = sqrt(1 - fabs(overlap));
    int64_t width = request->features;
    for (int64_t a = 0; a < count; a++) {
        double sign = overlap < 0 && a % 2 ? -shared : shared;
        for (int64_t i = 0; i < width; i++) {
            double z = rn_normal(stream, 0, (uint64_t)(a * width + i));
            double u = overlap == 0 ? 0 : rn_normal(stream, 1, (uint64_t)i);
            rt_set_real(x, a * width + i, request->program->real_size, sign * u + own * z);
        }
    }
}

bool rt_synthetic_inputs(const RtRequest *request, uint64_t repeat, int64_t count, void *x,
                         RtError *error)
{
    uint64_t stream = rn_stream("data/inputs", request->seed, repeat);
    if (request->data->kind == RN_DATA_UNIFORM) {
        fill_uniform(request, stream, count * request->features, x);
        return true;
    }
    double overlap = rt_formula(request->data->overlap, request->config, 0);
    if (!(fabs(overlap) <= 1))
        return rt_fail(error, RT_USAGE, "gaussian(overlap = %g): expected -1 .. 1", overlap);
    fill_gaussian(request, stream, count, x);
    return true;
}
