/* SPDX-License-Identifier: Apache-2.0
 *
 * One call: check, pack, forward, loss; then backward and the step of the optimiser.
 *
 * Tiles and layers are handed out in parallel, but each writes only what is its own, and every sum
 * over several of them is made in a fixed order: results do not depend on threads.
 */
#include "core/pass.h"

#include "core/random.h"
#include "kernels/kernels.h"
#include "kernels/past.h"

#include <math.h>

/* Not where time goes: kernels and regions are called from here. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

void rn_parallel(const RnCall *call, int64_t count, void (*body)(void *context, int64_t index),
                 void *context)
{
    /* fitting adds to sums that the tiles share */
    if (call->parallel && call->parallel->run && !(call->what & RN_FIT)) {
        call->parallel->run(call->parallel->pool, count, body, context);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        body(context, i);
}

/* One sample in prediction, of a network that has functions for it? */
static int is_single(const RnCall *call)
{
    const int32_t others = RN_BACKWARD | RN_TRAINING | RN_TRACE | RN_FIT;
    return rn_uses(RN_USES_SINGLE) && call->batch == 1 && !(call->what & others) &&
           call->code->regions[0].forward_one;
}

/* A sample's values one behind the other to every lane of rows, in place. */
static void spread(const RnTile *tile, real *values, int64_t rows)
{
    for (int64_t r = rows - 1; r >= 0; r--) {
        vreal value = rnk_splat(values[r]);
        for (int64_t lane = 0; lane < tile->width; lane += RNK_LANES)
            rnk_store(values + r * tile->width + lane, value);
    }
}

static void forward_single(const RnPass *pass, const RnTile *tile)
{
    int32_t last = pass->program->region_count;
    const real *x = pass->call->x;
    real *state = rnk_state(pass, tile, 0, 0);
    int64_t rows = pass->spans[0].rows;
    for (int64_t r = 0; r < rows; r += RNK_LANES) {
        int64_t left = rows - r;
        rnk_store(state + r, rnk_load_some(x + r, left < RNK_LANES ? left : RNK_LANES));
    }
    for (int32_t r = 0; r < last; r++)
        pass->call->code->regions[r].forward_one(pass, tile, 0, pass->spans[r].depth);
    spread(tile, rnk_state(pass, tile, last, 0), pass->spans[last].rows);
}

/* Has forward drafts of what it keeps for other threads' sums? */
static int has_drafts(const RnPass *pass)
{
    const RnCall *call = pass->call;
    return rn_asks(call->what, RN_FAR) && pass->overlaps && rn_wants_tensors(call) &&
           rn_asks(call->what, RN_BACKWARD) && !rn_asks(call->what, RN_TRACE);
}

/* The end of the block that begins with layer `from`, marked. */
static int64_t mark_block(const RnPass *pass, int64_t index, int32_t region, int64_t from)
{
    int64_t to = rn_block_to(&pass->spans[region], from);
    rn_mark_own(pass, &pass->tiles[index], region, from, to);
    return to;
}

static void forward_region(const RnPass *pass, const RnTile *tile, int32_t region)
{
    int traces = rn_traces(pass->call, region);
    int64_t depth = pass->spans[region].depth, to;
    if (traces)
        rn_trace_first(pass, tile);
    for (int64_t from = 0; from < depth; from = to) {
        to = from + rn_until_look(pass->call, depth - from);
        if (has_drafts(pass))
            to = mark_block(pass, tile->index, region, from);
        pass->call->code->regions[region].forward(pass, tile, from, to);
        if (traces)
            rn_trace_states(pass, tile, from, to);
        rn_carry_state(pass, tile, region, to);
    }
}

/* All regions of one tile: no tile waits for another. */
static void forward_tile(void *context, int64_t index)
{
    const RnPass *pass = context;
    const RnTile *tile = &pass->tiles[index];
    int32_t last = pass->program->region_count;
    if (is_single(pass->call)) {
        forward_single(pass, tile);
    } else {
        rn_pack(tile, pass->call->x, pass->spans[0].rows, rnk_state(pass, tile, 0, 0));
        rn_carry_start(pass, tile);
        for (int32_t r = 0; r < last; r++)
            forward_region(pass, tile, r);
    }
    int64_t rows = pass->spans[last].rows;
    if (pass->call->y)
        rnk_transpose(tile, rnk_state(pass, tile, last, 0), rows, tile->width, pass->call->y, rows,
                      0);
    if (rn_has_loss(pass->call))
        rn_loss_tile(pass, tile);
    if (rn_asks(pass->call->what, RN_FAR))
        rnk_publish(); /* kept values that went past the caches */
}

/* Masks are functions of the seed and the step: a key for each stream. */
static void key_streams(RnPass *pass)
{
    const RnState *state = pass->call->state;
    if (!state)
        state = &(const RnState){0};
    pass->step = state->step;
    for (int64_t s = 0; s < pass->stream_count; s++) {
        const char *name = pass->program->streams[s];
        uint64_t key = rn_stream(name, state->seed, state->repeat);
        pass->streams[s] = rn_mix(key + 0x9E3779B97F4A7C15u * (state->step + 1));
    }
}

static void update(RnPass *pass)
{
    if (rn_uses(RN_USES_CLIP) && pass->program->train->clip)
        rn_update_clipped(pass);
    else
        rn_update_shared(pass);
    ((RnState *)pass->call->state)->step++;
}

/* What a call must bring for what it asks. */
static int complete(const RnCall *call)
{
    if (!call->workspace || !call->x || !call->params || call->program->region_count < 1)
        return 0;
    if ((call->what & RN_UPDATE) &&
        (!call->program->train || !call->state || (call->what & RN_STATES_ONLY)))
        return 0;
    if (call->networks > 1 && !(call->what & RN_STATES_ONLY))
        return 0;
    if (!rn_carry_ok(call))
        return 0;
    int traced =
        call->trace && call->trace_region >= 0 && call->trace_region < call->program->region_count;
    return !(call->what & RN_TRACE) || traced;
}

static int run(const RnCall *call)
{
    RnPass *pass = rn_pass_open(call, RN_UNIT);
    if (!pass)
        return RN_BAD_CONFIG;
    if (rn_shares(call))
        rn_fill_factors(pass);
    if (!rn_targets_ok(call))
        return RN_BAD_TARGET;
    if (rn_asks(RN_BACKWARD, RN_BACKWARD)) /* only training asks for the step or for masks */
        key_streams(pass);
    rn_parallel(call, pass->tile_count, forward_tile, pass);
    double loss = rn_has_loss(call) ? rn_mean_loss(pass) : 0;
    if (call->loss)
        *call->loss = loss;
    if (!rn_asks(call->what, RN_BACKWARD))
        return RN_OK;
    int updates = rn_asks(call->what, RN_UPDATE) != 0;
    if (updates && !isfinite(loss))
        return RN_NOT_FINITE;
    if (updates)
        rn_rules(pass);
    rn_backward(pass);
    if (updates)
        update(pass);
    return RN_OK;
}

int rn_run(const RnCall *call)
{
    if (!complete(call))
        return RN_BAD_CONFIG;
    RnCall full = *call;
    if (full.what & RN_UPDATE)
        full.what |= RN_BACKWARD;
    return run(&full);
}

size_t rn_workspace_size(const RnCall *call)
{
    return rn_pass_size(call, RN_UNIT);
}

#pragma clang attribute pop
