/* SPDX-License-Identifier: Apache-2.0
 *
 * Squared norms along one region, of each layer and sample, in double: states h_k, h_k − h_0, and
 * the gradients p_k, p_k − p_L of one sample's loss (the batch's mean is undone).
 */
#include "core/pass.h"
#include "core/random.h"

#include "kernels/kernels.h"

typedef struct Trace {
    const RnPass *pass;
    int64_t layer;
} Trace;

typedef double Wide __attribute__((vector_size(RNK_LANES * sizeof(double))));

/* Sixteen samples of a row. */
RN_INLINE Wide widen(const real *values)
{
    return __builtin_convertvector(rnk_load(values), Wide);
}

RN_INLINE void store_wide(double *out, Wide value, int64_t count)
{
    int64_t lanes = count < RNK_LANES ? count : RNK_LANES;
    __builtin_memcpy(out, &value, (size_t)lanes * sizeof *out);
}

static double *trace_row(const RnPass *pass, int row, int64_t layer)
{
    int64_t layers = pass->spans[pass->call->trace_region].depth + 1;
    return pass->call->trace + (row * layers + layer) * pass->batch;
}

/* Squared norms of value, and of value − from, for the samples of a tile. */
static void norms(const RnPass *pass, const RnTile *tile, const real *value, const real *from,
                  double factor, double *plain, double *change)
{
    int64_t rows = pass->spans[pass->call->trace_region].rows;
    for (int64_t s = 0; s < tile->valid; s += RNK_LANES) {
        Wide sum = {0}, moved = {0};
        for (int64_t r = 0; r < rows; r++) {
            Wide x = widen(value + r * tile->width + s);
            Wide step = x - widen(from + r * tile->width + s);
            sum += x * x;
            moved += step * step;
        }
        store_wide(plain + tile->first + s, sum * factor, tile->valid - s);
        store_wide(change + tile->first + s, moved * factor, tile->valid - s);
    }
}

/* Is the first state in the tile's memory for gradients? There the others may not be kept. */
static int keeps_first(const RnPass *pass)
{
    return (pass->call->what & RN_TRACE_ENDS) && (pass->call->what & RN_BACKWARD);
}

void rn_trace_first(const RnPass *pass, const RnTile *tile)
{
    int32_t region = pass->call->trace_region;
    if (keeps_first(pass))
        __builtin_memcpy(tile->saved, rnk_state(pass, tile, region, 0),
                         (size_t)(pass->spans[region].rows * tile->width) * sizeof(real));
}

void rn_trace_states(const RnPass *pass, const RnTile *tile)
{
    int32_t region = pass->call->trace_region;
    const real *start = keeps_first(pass) ? tile->saved : rnk_state(pass, tile, region, 0);
    int64_t depth = pass->spans[region].depth, step = pass->call->what & RN_TRACE_ENDS ? depth : 1;
    for (int64_t k = 0; k <= depth; k += step) {
        const real *state = k ? rnk_next(pass, tile, region, k - 1) : start;
        norms(pass, tile, state, start, 1, trace_row(pass, RN_TRACE_STATE, k),
              trace_row(pass, RN_TRACE_STATE_CHANGE, k));
    }
}

static void trace_tile_gradient(void *context, int64_t index)
{
    const Trace *trace = context;
    const RnPass *pass = trace->pass;
    const RnTile *tile = &pass->tiles[index];
    const RnSpan *span = &pass->spans[pass->call->trace_region];
    double batch = (double)pass->each;
    if (trace->layer == span->depth)
        __builtin_memcpy(tile->saved, tile->gradient[0],
                         (size_t)(span->rows * tile->width) * sizeof(real));
    norms(pass, tile, tile->gradient[0], tile->saved, batch * batch,
          trace_row(pass, RN_TRACE_GRADIENT, trace->layer),
          trace_row(pass, RN_TRACE_GRADIENT_CHANGE, trace->layer));
}

void rn_trace_gradient(RnPass *pass, int64_t layer)
{
    Trace trace = {pass, layer};
    rn_parallel(pass->call, pass->tile_count, trace_tile_gradient, &trace);
}
