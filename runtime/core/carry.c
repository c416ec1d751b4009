/* SPDX-License-Identifier: Apache-2.0
 *
 * A look at sixteen lanes: the greatest number of each, and where that is far from 1 a factor.
 */
#include "core/pass.h"

#include "kernels/kernels.h"

/* A lane whose greatest number is from `low` to below `high` stays; another is brought to about
 * 2^middle. Floats end at 2^-126 and 2^128, squares, which are doubles, at 2^-1022 and 2^1024. */
typedef struct Range {
    double low, high;
    int64_t middle;
} Range;

enum { IS_DOUBLE = sizeof(real) == sizeof(double) };
static const Range state_range = IS_DOUBLE ? (Range){0, 0x1p200, 100} : (Range){0, 0x1p56, 40};
static const Range gradient_range =
    IS_DOUBLE ? (Range){0x1p-200, 0x1p200, 0} : (Range){0x1p-40, 0x1p56, 0};

double rn_power_of_two(int64_t exponent)
{
    if (exponent < -1022)
        return 0;
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    __builtin_memcpy(&power, &bits, sizeof power);
    return power;
}

/* Of a positive number; no less than that of a power whose inverse is a real. */
static int64_t exponent_of(double value)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    int64_t exponent = (int64_t)(bits >> 52) - 1023, least = IS_DOUBLE ? -1022 : -126;
    return exponent > least ? exponent : least;
}

static vreal greatest(const real *values, int64_t rows, int64_t width)
{
    vreal top = {};
    for (int64_t r = 0; r < rows; r++) {
        vreal value = rnk_load(values + r * width);
        vreal size = rnk_select(value < 0, -value, value);
        top = rnk_select(size > top, size, top);
    }
    return top;
}

/* Sixteen lanes from `values` on. Zero, what is infinite and what is no number no power changes. */
static void settle_lanes(const Range *range, real *values, int64_t rows, int64_t width,
                         int64_t *power)
{
    vreal top = greatest(values, rows, width), factor = rnk_splat(1);
    vmask outside =
        (top >= rnk_splat((real)range->high)) | ((top < rnk_splat((real)range->low)) & (top > 0));
    if (!__builtin_reduce_or(outside))
        return;
    for (int64_t lane = 0; lane < RNK_LANES; lane++) {
        if (!outside[lane] || __builtin_isinf(top[lane]))
            continue;
        int64_t shift = exponent_of((double)top[lane]) - range->middle;
        factor[lane] = (real)rn_power_of_two(-shift);
        power[lane] += shift;
    }
    for (int64_t r = 0; r < rows; r++)
        rnk_store(values + r * width, rnk_load(values + r * width) * factor);
}

static void settle(const Range *range, real *values, int64_t rows, const RnTile *tile,
                   int64_t *power)
{
    for (int64_t lane = 0; lane < tile->width; lane += RNK_LANES)
        settle_lanes(range, values + lane, rows, tile->width, power + lane);
}

int rn_carry_ok(const RnCall *call)
{
    return !rn_carries(call) ||
           ((call->what & RN_STATES_ONLY) && call->look > 0 && !call->y && !call->losses);
}

void rn_carry_start(const RnPass *pass, const RnTile *tile)
{
    size_t bytes = (size_t)tile->width * sizeof(int64_t);
    if (!rn_asks(pass->call->what, RN_TRACE))
        return;
    __builtin_memset(tile->power.state, 0, bytes);
    __builtin_memset(tile->power.first, 0, bytes);
    __builtin_memset(tile->power.gradient, 0, bytes);
    __builtin_memset(tile->power.last, 0, bytes);
    __builtin_memset(tile->power.lost, 0, bytes);
}

static void find_lost(const real *values, int64_t rows, const RnTile *tile)
{
    for (int64_t lane = 0; lane < tile->width; lane += RNK_LANES) {
        vreal none = {};
        for (int64_t r = 0; r < rows; r++) {
            vreal value = rnk_load(values + r * tile->width + lane);
            none = none + (value - value);
        }
        for (int64_t l = 0; __builtin_reduce_or(none != 0) && l < RNK_LANES; l++)
            tile->power.lost[lane + l] |= none[l] != 0;
    }
}

void rn_carry_state(const RnPass *pass, const RnTile *tile, int32_t region, int64_t layer)
{
    int64_t rows = pass->spans[region + (layer == pass->spans[region].depth)].rows;
    if (!rn_carries(pass->call))
        return;
    real *state = rnk_next(pass, tile, region, layer - 1);
    find_lost(state, rows, tile);
    if (pass->call->scales_states)
        settle(&state_range, state, rows, tile, tile->power.state);
}

void rn_carry_gradient(const RnPass *pass, const RnTile *tile, int32_t region, int64_t layer)
{
    int64_t rows = pass->spans[region + (layer == pass->spans[region].depth)].rows;
    if (rn_carries(pass->call))
        settle(&gradient_range, tile->gradient[0], rows, tile, tile->power.gradient);
}
