/* SPDX-License-Identifier: Apache-2.0
 *
 * Response of a block's output kernel to its input kernel, on the network as it is.
 */
#include "lib/chain.h"
#include "lib/linear.h"
#include "lib/real.h"

#include "core/signal.h"
#include "theory/activation.h"

#include <stdlib.h>

enum { PIECE = 8 };

bool rt_phi_of(const RnProgram *program, int32_t region, RtPhi *phi)
{
    const RnSignal *signal = program->signal;
    *phi = (RtPhi){RN_ACT_LINEAR, 0};
    for (int32_t b = 0; signal && b < signal->block_count; b++) {
        const RnSignalBlock *block = &signal->blocks[b];
        if (block->region != region || block->count < 1)
            continue;
        const RnSignalBranch *branch = &signal->branches[block->first];
        for (int32_t i = 0; i < branch->count; i++) {
            const RnSignalOp *op = &signal->ops[branch->first + i];
            if (op->kind != RN_SIGNAL_ACTIVATION)
                continue;
            *phi = (RtPhi){op->activation, op->slope};
            return true;
        }
        return true;
    }
    return false;
}

typedef struct Response {
    RtChain chain;
    int64_t first, last, rows, samples;
    RtPhi phi;
    bool single;
    void *lanes; /* reals [samples][rows] */
} Response;

static int64_t partner(const Response *r, int64_t sample)
{
    return r->single ? sample : sample ^ 1;
}

/* Gradient of Q by h_L of each sample. */
static void fill_gradients(Response *r)
{
    TheoryActivation kind = (TheoryActivation)r->phi.kind;
    for (int64_t s = 0; s < r->samples; s++)
        for (int64_t i = 0; i < r->rows; i++) {
            double own = rt_chain_state(&r->chain, r->last + 1, s, i);
            double other = rt_chain_state(&r->chain, r->last + 1, partner(r, s), i);
            double gradient = theory_value(kind, r->phi.slope, own).slope *
                              theory_value(kind, r->phi.slope, other).value / (double)r->rows;
            rt_set_real(r->lanes, s * r->rows + i, r->chain.session->program->real_size,
                        r->single ? 2 * gradient : gradient);
        }
}

/* The sample moves along its partner, less what is along itself; or along itself. */
static double value_of(const Response *r, int64_t s)
{
    double own = 0, cross = 0, slope = 0, square = 0;
    for (int64_t i = 0; i < r->rows; i++) {
        double h = rt_chain_state(&r->chain, r->first, s, i);
        own += h * h;
        cross += h * rt_chain_state(&r->chain, r->first, partner(r, s), i);
    }
    for (int64_t i = 0; i < r->rows; i++) {
        double h = rt_chain_state(&r->chain, r->first, s, i);
        double step = rt_chain_state(&r->chain, r->first, partner(r, s), i);
        step -= r->single ? 0 : cross / own * h;
        slope += step * rt_real(r->lanes, s * r->rows + i, r->chain.session->program->real_size);
        square += step * step;
    }
    return slope / square * (double)r->rows / (r->single ? 2 : 1);
}

bool rt_response(RtSession *session, int32_t region, RtPhi phi, bool single, const void *x,
                 int64_t samples, double *values, int64_t *count, RtError *error)
{
    Response r = {.rows = session->program->regions[region].in_rows, .phi = phi, .single = single};
    r.samples = *count = single ? samples : samples & ~(int64_t)1;
    if (!rt_chain_open(&r.chain, session, samples, PIECE, samples, error)) {
        rt_chain_close(&r.chain);
        return false;
    }
    r.first = rt_chain_find(&r.chain, region);
    r.last = rt_chain_find(&r.chain, region + 1) - 1;
    r.lanes = calloc((size_t)samples * (size_t)r.rows, (size_t)session->program->real_size);
    bool good = r.lanes || rt_fail(error, RT_FAILED, "out of memory for responses");
    good = good && rt_chain_forward(&r.chain, x, error);
    if (good)
        fill_gradients(&r);
    for (int64_t piece = r.last; good && r.samples && piece >= r.first; piece--)
        good = rt_chain_pull(&r.chain, piece, 0, r.samples, 1, r.lanes, error);
    for (int64_t s = 0; good && s < r.samples; s++)
        values[s] = value_of(&r, s);
    free(r.lanes);
    rt_chain_close(&r.chain);
    return good;
}
