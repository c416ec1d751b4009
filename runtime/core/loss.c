/* SPDX-License-Identifier: Apache-2.0
 *
 * The loss of each sample and the gradient of their mean.
 *
 *     cross_entropy  log Σ e^z − z[label]              gradient (softmax − one-hot) / batch
 *     mse            mean over the outputs of (y − t)²     2 (y − t) / (outputs · batch)
 *     projection     <v, y>                                v / batch
 *
 * Exponentials are taken in real, logarithms and sums over samples in double.
 */
#include "core/pass.h"

#include "kernels/elementary.h"
#include "kernels/kernels.h"

#include <math.h>

int rn_has_loss(const RnCall *call)
{
    switch (call->loss_kind) {
    case RN_LOSS_CROSS_ENTROPY:
        return rn_uses(RN_USES_LOSS + RN_LOSS_CROSS_ENTROPY) && call->target != NULL;
    case RN_LOSS_MSE:
        return rn_uses(RN_USES_LOSS + RN_LOSS_MSE) && call->target != NULL;
    case RN_LOSS_PROJECTION:
        return rn_uses(RN_USES_LOSS + RN_LOSS_PROJECTION) && call->projection != NULL;
    default:
        return 0;
    }
}

int rn_targets_ok(const RnCall *call)
{
    if (!rn_has_loss(call))
        return !rn_asks(call->what, RN_BACKWARD);
    if (call->loss_kind != RN_LOSS_CROSS_ENTROPY)
        return 1;
    const int32_t *label = call->target;
    int64_t classes = rn_output_rows(call->program);
    for (int64_t s = 0; s < call->batch; s++)
        if (label[s] < 0 || label[s] >= classes)
            return 0;
    return 1;
}

/* One vector of samples at work. */
typedef struct Column {
    const RnPass *pass;
    const real *y;  /* row 0 */
    real *gradient; /* likewise, or NULL */
    int64_t rows, width;
    int64_t sample, count; /* the first one's number, and how many there are: 1 … 16 */
} Column;

static void store_loss(const Column *c, int64_t lane, double loss)
{
    c->pass->losses[c->sample + lane] = loss;
    if (c->pass->call->losses)
        ((real *)c->pass->call->losses)[c->sample + lane] = (real)loss;
}

static vreal greatest(const Column *c)
{
    vreal top = rnk_load(c->y);
    for (int64_t r = 1; r < c->rows; r++) {
        vreal value = rnk_load(c->y + r * c->width);
        top = rnk_select(value > top, value, top);
    }
    return top;
}

static void cross_entropy(const Column *c)
{
    const int32_t *label = (const int32_t *)c->pass->call->target + c->sample;
    vreal top = greatest(c), sum = {};
    for (int64_t r = 0; r < c->rows; r++) {
        vreal value = rnk_exp(rnk_load(c->y + r * c->width) - top);
        sum = sum + value;
        if (c->gradient) /* which it becomes */
            rnk_store(c->gradient + r * c->width, value);
    }
    for (int64_t l = 0; l < c->count; l++)
        store_loss(c, l,
                   log((double)sum[l]) + ((double)top[l] - (double)c->y[label[l] * c->width + l]));
    if (!c->gradient)
        return;
    real batch = (real)c->pass->each;
    for (int64_t r = 0; r < c->rows; r++) {
        vreal share = rnk_load(c->gradient + r * c->width) / sum;
        for (int64_t l = 0; l < c->count; l++)
            share[l] -= (real)(label[l] == r);
        rnk_store(c->gradient + r * c->width, share / batch);
    }
}

static void mse(const Column *c)
{
    const real *target = (const real *)c->pass->call->target + c->sample * c->rows;
    for (int64_t l = 0; l < c->count; l++) {
        double sum = 0;
        for (int64_t r = 0; r < c->rows; r++) {
            double miss = (double)(c->y[r * c->width + l] - target[l * c->rows + r]);
            sum += miss * miss;
        }
        store_loss(c, l, sum / (double)c->rows);
    }
    real factor = (real)(2 / ((double)c->rows * (double)c->pass->each));
    for (int64_t r = 0; c->gradient && r < c->rows; r++) {
        vreal miss = {};
        for (int64_t l = 0; l < c->count; l++)
            miss[l] = c->y[r * c->width + l] - target[l * c->rows + r];
        rnk_store(c->gradient + r * c->width, miss * factor);
    }
}

static void projection(const Column *c)
{
    const real *v = c->pass->call->projection;
    for (int64_t l = 0; l < c->count; l++) {
        double sum = 0;
        for (int64_t r = 0; r < c->rows; r++)
            sum += (double)v[r] * (double)c->y[r * c->width + l];
        store_loss(c, l, sum);
    }
    for (int64_t r = 0; c->gradient && r < c->rows; r++)
        rnk_store(c->gradient + r * c->width, rnk_splat(v[r] / (real)c->pass->each));
}

/* Gradients of a sample whose outputs are times 2^-power, up to a factor, which no ratio of
 * gradients sees. grow: 2^power. */
static void scaled_softmax(const Column *c, int64_t lane, double grow)
{
    const real *y = c->y + lane;
    int32_t label = ((const int32_t *)c->pass->call->target)[c->sample + lane];
    double top = (double)greatest(c)[lane], sum = 0;
    for (int64_t r = 0; r < c->rows; r++)
        sum += exp(((double)y[r * c->width] - top) * grow);
    for (int64_t r = 0; r < c->rows; r++) {
        double share = exp(((double)y[r * c->width] - top) * grow) / sum;
        c->gradient[r * c->width + lane] = (real)(share - (label == r));
    }
}

static void scaled_miss(const Column *c, int64_t lane, double grow)
{
    const real *target = (const real *)c->pass->call->target + (c->sample + lane) * c->rows;
    for (int64_t r = 0; r < c->rows; r++) {
        int64_t at = r * c->width + lane;
        c->gradient[at] = (real)((double)c->y[at] - (double)target[r] / grow);
    }
}

/* The gradient of a projection does not see the outputs. */
static void scaled_lanes(const Column *c, const int64_t *power)
{
    int32_t kind = c->pass->call->loss_kind;
    for (int64_t l = 0; l < c->count; l++) {
        double grow = rn_power_of_two(power[l] < 1023 ? power[l] : 1023);
        if (power[l] && kind == RN_LOSS_CROSS_ENTROPY)
            scaled_softmax(c, l, grow);
        else if (power[l] && kind == RN_LOSS_MSE)
            scaled_miss(c, l, grow);
    }
}

/* Lanes behind the last sample get no gradient. */
static void clear_rest(const Column *c)
{
    for (int64_t r = 0; c->gradient && r < c->rows; r++)
        for (int64_t l = c->count; l < RNK_LANES; l++)
            c->gradient[r * c->width + l] = 0;
}

void rn_loss_tile(const RnPass *pass, const RnTile *tile)
{
    int32_t last = pass->program->region_count;
    const real *y = rnk_state(pass, tile, last, 0);
    real *gradient = rn_asks(pass->call->what, RN_BACKWARD) ? tile->gradient[0] : NULL;
    for (int64_t lane = 0; lane < tile->width; lane += RNK_LANES) {
        int64_t left = tile->valid - lane;
        Column c = {.pass = pass,
                    .y = y + lane,
                    .gradient = gradient ? gradient + lane : NULL,
                    .rows = pass->spans[last].rows,
                    .width = tile->width,
                    .sample = tile->first + lane,
                    .count = left < RNK_LANES ? left : RNK_LANES};
        int32_t kind = pass->call->loss_kind;
        if (kind == RN_LOSS_CROSS_ENTROPY && rn_uses(RN_USES_LOSS + RN_LOSS_CROSS_ENTROPY))
            cross_entropy(&c);
        else if (kind == RN_LOSS_MSE && rn_uses(RN_USES_LOSS + RN_LOSS_MSE))
            mse(&c);
        else if (rn_uses(RN_USES_LOSS + RN_LOSS_PROJECTION))
            projection(&c);
        if (gradient && rn_carries(pass->call))
            scaled_lanes(&c, tile->power.state + lane);
        clear_rest(&c);
    }
}

double rn_mean_loss(const RnPass *pass)
{
    double sum = 0;
    for (int64_t s = 0; s < pass->batch; s++)
        sum += pass->losses[s];
    return sum / (double)pass->batch;
}
