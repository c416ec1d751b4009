/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms along a network that leaves the range of its reals: states and gradients go from piece to
 * piece with a power of two beside them.
 */
#include "lib/chain.h"
#include "lib/linear.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>

/* Layers from one scaling to the next, and where a state leaves its reals between two of them. */
enum { PIECE = 8, SHORTEST = 1 };

/* [samples][rows] numbers times 2^exponent. */
typedef struct Carried {
    int64_t rows;
    double *value;
    int64_t *exponent; /* [samples] */
} Carried;

static bool open_carried(Carried *c, int64_t samples, int64_t rows)
{
    *c = (Carried){.rows = rows};
    c->value = calloc((size_t)samples * (size_t)rows, sizeof *c->value);
    c->exponent = calloc((size_t)samples, sizeof *c->exponent);
    return c->value && c->exponent;
}

static void close_carried(Carried *c)
{
    free(c->value);
    free(c->exponent);
}

static double log2_norm(const Carried *c, int64_t s)
{
    double sum = 0;
    for (int64_t i = 0; i < c->rows; i++)
        sum += c->value[s * c->rows + i] * c->value[s * c->rows + i];
    return 0.5 * log2(sum) + (double)c->exponent[s];
}

/* log2 ‖a − b‖ of one sample; what is 2^-2000 of the other vanishes. */
static double log2_change(const Carried *a, const Carried *b, int64_t s)
{
    int64_t most = a->exponent[s] > b->exponent[s] ? a->exponent[s] : b->exponent[s];
    int64_t fall_a = most - a->exponent[s], fall_b = most - b->exponent[s];
    double sum = 0;
    for (int64_t i = 0; i < a->rows; i++) {
        double x = ldexp(a->value[s * a->rows + i], fall_a < 2000 ? -(int)fall_a : -2000);
        double y = ldexp(b->value[s * b->rows + i], fall_b < 2000 ? -(int)fall_b : -2000);
        sum += (x - y) * (x - y);
    }
    return 0.5 * log2(sum) + (double)most;
}

static void copy_state(const RtChain *chain, int64_t index, Carried *to)
{
    const RtPiece *piece = &chain->pieces[index];
    for (int64_t i = 0; i < chain->samples * to->rows; i++)
        to->value[i] = rt_real(piece->state, i, chain->session->program->real_size);
    for (int64_t s = 0; s < chain->samples; s++)
        to->exponent[s] = piece->exponent[s];
}

/* ---- the gradient of the loss by the output, up to a factor for each sample ---- */

static void class_gradient(const double *y, int64_t outputs, int64_t exponent, int32_t label,
                           double *gradient)
{
    double most = y[0], sum = 0;
    for (int64_t o = 1; o < outputs; o++)
        most = fmax(most, y[o]);
    for (int64_t o = 0; o < outputs; o++) {
        gradient[o] = exp(ldexp(y[o] - most, exponent < 2000 ? (int)exponent : 2000));
        sum += gradient[o];
    }
    for (int64_t o = 0; o < outputs; o++)
        gradient[o] = gradient[o] / sum - (o == label);
}

static void loss_gradient(const RtTask *task, const RtSession *session, int64_t s, int64_t exponent,
                          const double *y, double *gradient)
{
    int32_t size = session->program->real_size;
    int64_t outputs = session->outputs;
    if (task->loss_kind == RN_LOSS_CROSS_ENTROPY) {
        class_gradient(y, outputs, exponent, ((const int32_t *)task->target)[s], gradient);
        return;
    }
    for (int64_t o = 0; o < outputs; o++)
        gradient[o] = task->loss_kind == RN_LOSS_PROJECTION
                          ? rt_real(task->projection, o, size)
                          : y[o] - ldexp(rt_real(task->target, s * outputs + o, size),
                                         exponent < 2000 ? -(int)exponent : -2000);
}

static bool output_gradient(const RtChain *chain, const RtTask *task, Carried *gradient,
                            RtError *error)
{
    Carried y;
    bool good = open_carried(&y, chain->samples, gradient->rows);
    if (good)
        copy_state(chain, chain->count, &y);
    for (int64_t s = 0; good && s < chain->samples; s++) {
        gradient->exponent[s] = 0;
        loss_gradient(task, chain->session, s, y.exponent[s], y.value + s * y.rows,
                      gradient->value + s * y.rows);
    }
    close_carried(&y);
    return good || rt_fail(error, RT_FAILED, "out of memory for gradients");
}

/* ---- backward ---- */

/* Numbers of order 1 into the lanes; their size goes into the exponent. */
static void fill_lanes(const RtChain *chain, Carried *gradient, void *lanes)
{
    for (int64_t s = 0; s < chain->samples; s++) {
        double *row = gradient->value + s * gradient->rows, most = 0;
        for (int64_t i = 0; i < gradient->rows; i++)
            most = fmax(most, fabs(row[i]));
        int shift = most > 0 && isfinite(most) ? ilogb(most) : 0;
        gradient->exponent[s] += shift;
        for (int64_t i = 0; i < gradient->rows; i++) {
            row[i] = ldexp(row[i], -shift);
            rt_set_real(lanes, s * gradient->rows + i, chain->session->program->real_size, row[i]);
        }
    }
}

/* From the state behind piece `from` to that before piece `to`. `gradient` has room for all rows.
 */
static bool pull_back(RtChain *chain, int64_t from, int64_t to, void *lanes, Carried *gradient,
                      RtError *error)
{
    for (int64_t piece = from; piece >= to; piece--) {
        fill_lanes(chain, gradient, lanes);
        if (!rt_chain_pull(chain, piece, 0, chain->samples, 1, lanes, error))
            return false;
        gradient->rows = chain->pieces[piece].in_rows;
        for (int64_t i = 0; i < chain->samples * gradient->rows; i++)
            gradient->value[i] = rt_real(lanes, i, chain->session->program->real_size);
    }
    return true;
}

static void put_ratios(const Carried *base, const Carried *other, int64_t samples, double *ratios,
                       double *changes)
{
    for (int64_t s = 0; s < samples; s++) {
        double norm = log2_norm(base, s);
        ratios[s] = log2_norm(other, s) - norm;
        changes[s] = log2_change(other, base, s) - norm;
    }
}

typedef struct Work {
    RtChain chain;
    Carried first, last; /* states, then gradients at the ends of the block */
    Carried gradient;
    void *lanes;
} Work;

static bool run(Work *w, int32_t region, const RtTask *task, double *values, RtError *error)
{
    RtChain *chain = &w->chain;
    int64_t from = rt_chain_find(chain, region), to = rt_chain_find(chain, region + 1);
    int64_t samples = chain->samples;
    copy_state(chain, from, &w->first);
    copy_state(chain, to, &w->last);
    put_ratios(&w->first, &w->last, samples, values, values + samples);
    w->gradient.rows = chain->session->outputs;
    if (!output_gradient(chain, task, &w->gradient, error) ||
        !pull_back(chain, chain->count - 1, to, w->lanes, &w->gradient, error))
        return false;
    for (int64_t i = 0; i < samples * w->last.rows; i++)
        w->last.value[i] = w->gradient.value[i];
    for (int64_t s = 0; s < samples; s++)
        w->last.exponent[s] = w->gradient.exponent[s];
    if (!pull_back(chain, to - 1, from, w->lanes, &w->gradient, error))
        return false;
    put_ratios(&w->last, &w->gradient, samples, values + 2 * samples, values + 3 * samples);
    return true;
}

/* NaN for samples that leave their reals within a piece. */
static bool norms_of(RtSession *session, int32_t region, const RtTask *task, const void *x,
                     int64_t samples, int64_t length, double *values, RtError *error)
{
    Work w = {0};
    int64_t rows = session->program->regions[region].in_rows;
    bool good = rt_chain_open_shared(&w.chain, session, task->share, samples, length, error);
    if (good) {
        int64_t most = rt_chain_rows(&w.chain);
        w.lanes = calloc((size_t)samples * (size_t)most, (size_t)session->program->real_size);
        good = (open_carried(&w.first, samples, rows) && open_carried(&w.last, samples, rows) &&
                open_carried(&w.gradient, samples, most) && w.lanes) ||
               rt_fail(error, RT_FAILED, "out of memory for norms");
    }
    good = good && rt_chain_forward(&w.chain, x, error) && run(&w, region, task, values, error);
    for (int64_t s = 0; good && s < samples; s++) {
        bool measured = rt_chain_is_finite(&w.chain, 0, w.chain.count, s);
        for (int row = 0; row < RT_NORMS && !measured; row++)
            values[row * samples + s] = (double)NAN;
    }
    close_carried(&w.first);
    close_carried(&w.last);
    close_carried(&w.gradient);
    free(w.lanes);
    rt_chain_close(&w.chain);
    return good;
}

/* A sample's own values decide how it is measured, so that others beside it change nothing. */
bool rt_carried_norms(RtSession *session, int32_t region, const RtTask *task, const void *x,
                      int64_t samples, double *values, RtError *error)
{
    RtError ignored = {0};
    bool all = true;
    if (!norms_of(session, region, task, x, samples, PIECE, values, error))
        return false;
    for (int64_t s = 0; s < samples; s++)
        all = all && !isnan(values[s]);
    double *closer = all ? NULL : calloc((size_t)samples, RT_NORMS * sizeof *closer);
    if (closer && norms_of(session, region, task, x, samples, SHORTEST, closer, &ignored))
        for (int64_t s = 0; s < samples; s++)
            for (int row = RT_NORMS - 1; isnan(values[s]) && row >= 0; row--)
                values[row * samples + s] = closer[row * samples + s];
    free(closer);
    return true;
}
