/* SPDX-License-Identifier: Apache-2.0
 *
 * The residual expansion (Dherin and Munn 2025): what is left of h_L without its first terms.
 *
 * With S_j = Σ_{i<j} α_i F_i(h_0), T_1 = S_{L+1} and T_2 = Σ_j (J_j − 1) S_j, J_j the Jacobian of
 * layer j at h_0: its rows are gradients of the layer's outputs, one a lane.
 */
#include "lib/chain.h"
#include "lib/linear.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 512 };

typedef struct Expansion {
    RtChain chain;
    int64_t first, last, rows, samples;
    int32_t size; /* of a real */
    double *sum;  /* [samples][rows]: S_j */
    double *rest; /* [samples][rows]: h_L − h_0 − … */
    void *next, *lanes;
} Expansion;

/* Takes (J_j − 1) S_j from the rest, for the samples of one batch of lanes. */
static bool second_order(Expansion *e, int64_t piece, int64_t from, int64_t count, RtError *error)
{
    int64_t rows = e->rows;
    memset(e->lanes, 0, (size_t)(count * rows * rows) * (size_t)e->size);
    for (int64_t s = 0; s < count; s++)
        for (int64_t r = 0; r < rows; r++)
            rt_set_real(e->lanes, (s * rows + r) * rows + r, e->size, 1);
    if (!rt_chain_pull_at(&e->chain, piece, e->chain.pieces[e->first].state, from, count, rows,
                          e->lanes, error))
        return false;
    for (int64_t s = 0; s < count; s++) {
        const double *sum = e->sum + (from + s) * rows;
        double *rest = e->rest + (from + s) * rows;
        for (int64_t r = 0; r < rows; r++) {
            double change = 0;
            for (int64_t i = 0; i < rows; i++) {
                double slope = rt_real(e->lanes, (s * rows + r) * rows + i, e->size);
                change += (slope - (i == r)) * sum[i];
            }
            rest[r] -= change;
        }
    }
    return true;
}

/* S_{j+1} = S_j + α_j F_j(h_0); and the rest loses that term of T_1. */
static bool first_order(Expansion *e, int64_t piece, RtError *error)
{
    const RtPiece *start = &e->chain.pieces[e->first];
    if (!rt_chain_push(&e->chain, piece, e->samples, start->state, e->next, error))
        return false;
    for (int64_t i = 0; i < e->samples * e->rows; i++) {
        double step = rt_real(e->next, i, e->size) - rt_real(start->state, i, e->size);
        e->sum[i] += step;
        e->rest[i] -= step;
    }
    return true;
}

static bool subtract_terms(Expansion *e, int order, RtError *error)
{
    int64_t at_once = LANES / e->rows > 1 ? LANES / e->rows : 1;
    for (int64_t piece = e->first; order > 0 && piece <= e->last; piece++) {
        for (int64_t from = 0; order > 1 && from < e->samples; from += at_once) {
            int64_t count = e->samples - from < at_once ? e->samples - from : at_once;
            if (!second_order(e, piece, from, count, error))
                return false;
        }
        if (!first_order(e, piece, error))
            return false;
    }
    return true;
}

static void start_rest(Expansion *e)
{
    for (int64_t s = 0; s < e->samples; s++)
        for (int64_t r = 0; r < e->rows; r++)
            e->rest[s * e->rows + r] = rt_chain_state(&e->chain, e->last + 1, s, r) -
                                       rt_chain_state(&e->chain, e->first, s, r);
}

static double value_of(const Expansion *e, int64_t s)
{
    double rest = 0, start = 0;
    for (int64_t r = 0; r < e->rows; r++) {
        double h = rt_chain_state(&e->chain, e->first, s, r);
        rest += e->rest[s * e->rows + r] * e->rest[s * e->rows + r];
        start += h * h;
    }
    return sqrt(rest) / sqrt(start);
}

static bool open_expansion(Expansion *e, RtSession *session, int32_t region, RtError *error)
{
    int64_t at_once = LANES / e->rows > 1 ? LANES / e->rows : 1;
    at_once = at_once < e->samples ? at_once : e->samples;
    size_t states = (size_t)e->samples * (size_t)e->rows;
    if (!rt_chain_open(&e->chain, session, e->samples, 1, at_once * e->rows, error))
        return false;
    e->first = rt_chain_find(&e->chain, region);
    e->last = rt_chain_find(&e->chain, region + 1) - 1;
    e->sum = calloc(states, sizeof *e->sum);
    e->rest = calloc(states, sizeof *e->rest);
    e->next = calloc(states, (size_t)e->size);
    e->lanes = calloc((size_t)(at_once * e->rows) * (size_t)e->rows, (size_t)e->size);
    return (e->sum && e->rest && e->next && e->lanes) ||
           rt_fail(error, RT_FAILED, "out of memory for an expansion");
}

bool rt_expansion(RtSession *session, int32_t region, int order, const void *x, int64_t samples,
                  double *values, RtError *error)
{
    Expansion e = {.rows = session->program->regions[region].in_rows,
                   .samples = samples,
                   .size = session->program->real_size};
    bool good = open_expansion(&e, session, region, error) && rt_chain_forward(&e.chain, x, error);
    if (good)
        start_rest(&e);
    good = good && subtract_terms(&e, order, error);
    for (int64_t s = 0; good && s < samples; s++)
        values[s] = value_of(&e, s);
    free(e.sum);
    free(e.rest);
    free(e.next);
    free(e.lanes);
    rt_chain_close(&e.chain);
    return good;
}
