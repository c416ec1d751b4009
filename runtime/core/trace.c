/* SPDX-License-Identifier: Apache-2.0
 *
 * Squared norms along one region, of each layer and sample, in double: states h_k, h_k − h_0, and
 * the gradients p_k, p_k − p_L of one sample's loss (the batch's mean is undone).
 */
#include "core/pass.h"

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

static int64_t place_of(const RnPass *pass, int row, int64_t layer)
{
    int64_t layers = pass->spans[pass->call->trace_region].depth + 1;
    return (row * layers + layer) * pass->batch;
}

/* Values of a tile with the powers of its lanes. */
typedef struct Powered {
    const real *value;
    const int64_t *power;
} Powered;

/* What brings sixteen lanes to the greater of two powers, which is put down. */
static Wide weights(const int64_t *power, const int64_t *other, int64_t *greater)
{
    Wide weight;
    for (int64_t l = 0; l < RNK_LANES; l++) {
        greater[l] = power[l] > other[l] ? power[l] : other[l];
        weight[l] = rn_power_of_two(power[l] - greater[l]);
    }
    return weight;
}

/* Squares of sixteen lanes from `first` on, of which so many are samples. */
static void put(const RnPass *pass, const RnTile *tile, int64_t first, int64_t place, Wide squares,
                const int64_t *power)
{
    int64_t left = tile->valid - first, lanes = left < RNK_LANES ? left : RNK_LANES;
    int64_t at = place + tile->first + first;
    store_wide(pass->call->trace + at, squares, lanes);
    if (rn_carries(pass->call))
        __builtin_memcpy(pass->call->trace_powers + at, power, (size_t)lanes * sizeof *power);
}

/* Of sixteen lanes; what is lost has no norm. */
static Wide scale_of(const RnTile *tile, int64_t first, double factor)
{
    Wide scale;
    for (int64_t l = 0; l < RNK_LANES; l++)
        scale[l] = tile->power.lost[first + l] ? (double)__builtin_nan("") : factor;
    return scale;
}

/* Squared norms of `now`, and of now − from in the row behind, for the samples of a tile. */
static void norms(const RnPass *pass, const RnTile *tile, Powered now, Powered from, double factor,
                  int row, int64_t layer)
{
    int64_t rows = pass->spans[pass->call->trace_region].rows;
    for (int64_t s = 0; s < tile->valid; s += RNK_LANES) {
        int64_t greater[RNK_LANES];
        Wide sum = {0}, moved = {0}, scale = scale_of(tile, s, factor);
        Wide here = weights(now.power + s, from.power + s, greater);
        Wide there = weights(from.power + s, now.power + s, greater);
        for (int64_t r = 0; r < rows; r++) {
            Wide x = widen(now.value + r * tile->width + s);
            Wide step = x * here - widen(from.value + r * tile->width + s) * there;
            sum += x * x;
            moved += step * step;
        }
        put(pass, tile, s, place_of(pass, row, layer), sum * scale, now.power + s);
        put(pass, tile, s, place_of(pass, row + 1, layer), moved * scale, greater);
    }
}

/* Is the first state in the tile's memory for gradients? There the others may not be kept. */
static int keeps_first(const RnPass *pass)
{
    return (pass->call->what & RN_TRACE_ENDS) && (pass->call->what & RN_BACKWARD);
}

static Powered first_state(const RnPass *pass, const RnTile *tile)
{
    int32_t region = pass->call->trace_region;
    return (Powered){keeps_first(pass) ? tile->saved : rnk_state(pass, tile, region, 0),
                     tile->power.first};
}

static void save(const RnPass *pass, const RnTile *tile, const real *value)
{
    int64_t rows = pass->spans[pass->call->trace_region].rows;
    __builtin_memcpy(tile->saved, value, (size_t)(rows * tile->width) * sizeof(real));
}

static void save_powers(const RnTile *tile, const int64_t *power, int64_t *saved)
{
    __builtin_memcpy(saved, power, (size_t)tile->width * sizeof *power);
}

void rn_trace_first(const RnPass *pass, const RnTile *tile)
{
    if (keeps_first(pass))
        save(pass, tile, rnk_state(pass, tile, pass->call->trace_region, 0));
    save_powers(tile, tile->power.state, tile->power.first);
    norms(pass, tile, first_state(pass, tile), first_state(pass, tile), 1, RN_TRACE_STATE, 0);
}

void rn_trace_states(const RnPass *pass, const RnTile *tile, int64_t from, int64_t to)
{
    int32_t region = pass->call->trace_region;
    int64_t depth = pass->spans[region].depth;
    for (int64_t k = from; k < to; k++)
        if (k + 1 == depth || !(pass->call->what & RN_TRACE_ENDS))
            norms(pass, tile, (Powered){rnk_next(pass, tile, region, k), tile->power.state},
                  first_state(pass, tile), 1, RN_TRACE_STATE, k + 1);
}

static void trace_tile_gradient(void *context, int64_t index)
{
    const Trace *trace = context;
    const RnPass *pass = trace->pass;
    const RnTile *tile = &pass->tiles[index];
    double batch = (double)pass->each;
    if (trace->layer == pass->spans[pass->call->trace_region].depth) {
        save(pass, tile, tile->gradient[0]);
        save_powers(tile, tile->power.gradient, tile->power.last);
    }
    norms(pass, tile, (Powered){tile->gradient[0], tile->power.gradient},
          (Powered){tile->saved, tile->power.last}, batch * batch, RN_TRACE_GRADIENT, trace->layer);
}

void rn_trace_gradient(RnPass *pass, int64_t layer)
{
    Trace trace = {pass, layer};
    rn_parallel(pass->call, pass->tile_count, trace_tile_gradient, &trace);
}
