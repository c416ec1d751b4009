/* SPDX-License-Identifier: Apache-2.0
 *
 * Geometric complexity (Dherin et al. 2022): the mean square slope of the network.
 */
#include "core/random.h"
#include "lib/chain.h"
#include "lib/linear.h"
#include "lib/real.h"

#include <stdlib.h>

enum { LANES = 512, PIECE = 8 };

typedef struct Complexity {
    RtChain chain;
    int64_t each; /* lanes of a sample */
    bool exact;
    uint64_t stream;
    void *lanes; /* reals [lanes][most rows] */
} Complexity;

/* Unit vectors, or random signs. */
static void fill_lanes(Complexity *c, int64_t from, int64_t count)
{
    int64_t outputs = c->chain.session->outputs;
    int32_t size = c->chain.session->program->real_size;
    for (int64_t lane = 0; lane < count * c->each; lane++)
        for (int64_t o = 0; o < outputs; o++) {
            int64_t number = lane % c->each;
            uint64_t place = (uint64_t)(((from + lane / c->each) * c->each + number) * outputs + o);
            double sign = rn_uniform(c->stream, 0, place) < 0.5 ? -1 : 1;
            rt_set_real(c->lanes, lane * outputs + o, size, c->exact ? o == number : sign);
        }
}

static bool measure_samples(Complexity *c, int64_t from, int64_t count, double *values,
                            RtError *error)
{
    int64_t features = c->chain.session->features;
    fill_lanes(c, from, count);
    for (int64_t piece = c->chain.count; piece-- > 0;)
        if (!rt_chain_pull(&c->chain, piece, from, count, c->each, c->lanes, error))
            return false;
    for (int64_t s = 0; s < count; s++) {
        double sum = 0;
        for (int64_t i = 0; i < c->each * features; i++) {
            double slope =
                rt_real(c->lanes, s * c->each * features + i, c->chain.session->program->real_size);
            sum += slope * slope;
        }
        values[from + s] = c->exact ? sum : sum / (double)c->each;
    }
    return true;
}

bool rt_complexity(RtSession *session, const void *x, int64_t samples, uint64_t draw,
                   double *values, RtError *error)
{
    Complexity c = {.exact = session->outputs <= RT_COMPLEXITY_EXACT,
                    .stream = rn_stream("probe/complexity", session->seed, draw)};
    c.each = c.exact ? session->outputs : RT_COMPLEXITY_PROBES;
    int64_t at_once = LANES / c.each < samples ? LANES / c.each : samples;
    bool good = rt_chain_open(&c.chain, session, samples, PIECE, at_once * c.each, error);
    size_t bytes;
    if (good && rt_bytes(at_once * c.each, rt_chain_rows(&c.chain),
                         (size_t)session->program->real_size, &bytes))
        c.lanes = calloc(1, bytes);
    good = good && (c.lanes || rt_fail(error, RT_FAILED, "out of memory for gradients")) &&
           rt_chain_forward(&c.chain, x, error);
    for (int64_t from = 0; good && from < samples; from += at_once)
        good = measure_samples(&c, from, samples - from < at_once ? samples - from : at_once,
                               values, error);
    free(c.lanes);
    rt_chain_close(&c.chain);
    return good;
}
