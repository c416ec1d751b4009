/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver of a step on a small network. Gradients against differences, optimisers against their
 * formulas, and that threads, guards and failures behave.
 */
#include "small_net.h"

enum { MANY = 700 }; /* layers: more than two blocks of several threads */

static double loss_with(Net *net, real *weight, real value)
{
    real before = *weight;
    *weight = value;
    net->call.what = RN_FORWARD;
    assert_int_equal(rn_run(&net->call), RN_OK);
    *weight = before;
    return net->loss;
}

/* Central differences lose h² f‴ / 6 and a few units of the loss over h; with h = u^(1/3) both are
 * near u^(2/3), and third derivatives here are below some tens. */
static void check_differences(Net *net)
{
    double h = cbrt(UNIT);
    real *gradient = net->call.gradient, *params = net->call.params;
    for (int32_t t = 0; t < TENSORS; t++) {
        int64_t layers;
        size_t at = rn_tensor_offset(&net->program, &net->config, t, &layers) / sizeof(real);
        for (size_t i = at; i < at + (size_t)(layers * TABLE[t].size); i += 5) {
            real up = (real)((double)params[i] + h), down = (real)((double)params[i] - h);
            double slope = (loss_with(net, &params[i], up) - loss_with(net, &params[i], down)) /
                           ((double)up - (double)down);
            test_close(gradient[i], slope, 200 * h * h * (1 + fabs(slope)));
        }
    }
}

static void test_gradients(void **state)
{
    (void)state;
    for (int loss = RN_LOSS_CROSS_ENTROPY; loss <= RN_LOSS_PROJECTION; loss++) {
        Net net;
        open_net(&net, RN_BACKWARD, loss);
        fill_net(&net);
        assert_int_equal(rn_run(&net.call), RN_OK);
        double sum = 0;
        for (int s = 0; s < BATCH; s++)
            sum += (double)((real *)net.call.losses)[s];
        test_close(net.loss, sum / BATCH, 8 * UNIT * (1 + fabs(net.loss)) * 4);
        check_differences(&net);
        close_net(&net);
    }
}

/* In the other order, as a pool of threads might. */
static void last_first(void *pool, int64_t count, void (*body)(void *context, int64_t index),
                       void *context)
{
    (void)pool;
    while (count-- > 0)
        body(context, count);
}

static void check_order(int64_t threads)
{
    const RnParallel parallel = {last_first, NULL, threads};
    Net a, b;
    open_net(&a, RN_UPDATE, RN_LOSS_CROSS_ENTROPY), open_net(&b, RN_UPDATE, RN_LOSS_CROSS_ENTROPY);
    b.call.parallel = &parallel;
    fill_net(&a), fill_net(&b);
    for (int step = 0; step < 3; step++) {
        assert_int_equal(rn_run(&a.call), RN_OK);
        assert_int_equal(rn_run(&b.call), RN_OK);
    }
    assert_int_equal(((RnState *)a.call.state)->step, 3);
    assert_memory_equal(a.call.params, b.call.params, (size_t)a.params * sizeof(real));
    assert_memory_equal(a.call.state, b.call.state, (size_t)a.state * sizeof(real));
    close_net(&a), close_net(&b);
}

/* Tiles for one thread, for some, for more than there are samples. */
static void test_order(void **state)
{
    (void)state;
    check_order(0);
    check_order(2);
    check_order(3);
    check_order(16 * BATCH);
}

/* Layers whose product is near the identity, however many. */
static void calm(Net *net)
{
    int64_t layers;
    size_t at = rn_tensor_offset(&net->program, &net->config, WEIGHT, &layers) / sizeof(real);
    for (int64_t i = 0; i < layers * TABLE[WEIGHT].size; i++)
        ((real *)net->call.params)[at + (size_t)i] *= (real)0x1p-10;
    net->call.rate = 0x1p-20;
}

/* Blocks at three stages at once, whose gradients take each other's places, against blocks one
 * after the other and all gradients. A trace has blocks of as few layers as there can be. */
static void check_blocks(const RnParallel *parallel, int what)
{
    Net a, b;
    open_net(&a, RN_UPDATE, RN_LOSS_MSE), open_net(&b, RN_UPDATE | what, RN_LOSS_MSE);
    a.config = b.config = MANY;
    b.call.parallel = parallel;
    fill_net(&a), fill_net(&b);
    calm(&a), calm(&b);
    void *gradient = b.call.gradient;
    b.call.gradient = NULL;
    b.call.trace = calloc((size_t)RN_TRACE_ROWS * (MANY + 1) * BATCH, sizeof(double));
    assert_non_null(b.call.trace);
    for (int step = 0; step < 2; step++) {
        assert_int_equal(rn_run(&a.call), RN_OK);
        assert_int_equal(rn_run(&b.call), RN_OK);
    }
    const RnPass *pass = b.call.workspace;
    assert_true(pass->overlaps && 2 * pass->spans[1].block < MANY);
    assert_memory_equal(a.call.params, b.call.params, (size_t)a.params * sizeof(real));
    assert_memory_equal(a.call.state, b.call.state, (size_t)a.state * sizeof(real));
    b.call.gradient = gradient;
    free(b.call.trace);
    close_net(&a), close_net(&b);
}

static void test_blocks(void **state)
{
    (void)state;
    for (int64_t threads = 2; threads <= 4; threads++) {
        check_blocks(&(RnParallel){.threads = threads}, 0);
        check_blocks(&(RnParallel){last_first, NULL, threads}, 0);
        check_blocks(&(RnParallel){last_first, NULL, threads}, RN_TRACE);
    }
}

/* Runs each job and notes the most pieces that one had. */
static void note_pieces(void *pool, int64_t count, void (*body)(void *context, int64_t index),
                        void *context)
{
    int64_t *most = pool;
    *most = count > *most ? count : *most;
    last_first(NULL, count, body, context);
}

static int64_t most_pieces(int64_t threads, int64_t *tiles)
{
    int64_t most = 0;
    Net net;
    open_net(&net, RN_UPDATE, RN_LOSS_MSE);
    net.call.parallel = &(RnParallel){note_pieces, &most, threads};
    fill_net(&net);
    assert_int_equal(rn_run(&net.call), RN_OK);
    *tiles = ((const RnPass *)net.call.workspace)->tile_count;
    close_net(&net);
    return most;
}

/* Threads with as many tiles as each other have nothing that another could take: each does the same
 * layers in every step. */
static void test_pieces(void **state)
{
    (void)state;
    int64_t tiles;
    assert_int_equal(most_pieces(2, &tiles), 2);
    assert_int_equal(tiles, 2);
    assert_int_equal(most_pieces(3, &tiles), 3);
    assert_int_equal(tiles, 3);
    assert_true(most_pieces(4, &tiles) > 4);
    assert_int_equal(tiles, 3);
}

/* Inference with two state slots gives the bits of training, and so does half the batch. */
static void test_inference(void **state)
{
    (void)state;
    Net a, b;
    open_net(&a, RN_BACKWARD, RN_LOSS_MSE), open_net(&b, RN_FORWARD, RN_LOSS_MSE);
    fill_net(&a), fill_net(&b);
    assert_true(b.work < a.work);
    assert_int_equal(rn_run(&a.call), RN_OK);
    assert_int_equal(rn_run(&b.call), RN_OK);
    assert_memory_equal(a.call.y, b.call.y, BATCH * OUT * sizeof(real));
    b.call.batch = 30;
    memset(b.call.y, 0, BATCH * OUT * sizeof(real));
    assert_int_equal(rn_run(&b.call), RN_OK);
    assert_memory_equal(a.call.y, b.call.y, 30 * OUT * sizeof(real));
    close_net(&a), close_net(&b);
}

typedef struct Oracle {
    long double w, g, first, second;
} Oracle;

/* One update by the book (Kingma and Ba 2015; Loshchilov and Hutter 2019; Duchi, Hazan and Singer
 * 2011), with rate r, decay and momentum as in the test. */
static void by_the_book(const RnOptimizer *o, Oracle *e, long double r, long double decay, int step)
{
    const long double beta = 0.9L, epsilon = 0.1L, momentum = o->momentum ? 0.9L : 0;
    if (o->kind == RN_OPTIMIZER_ADAMW)
        e->w -= r * decay * e->w;
    else
        e->g += decay * e->w;
    long double g = e->g, move;
    if (o->kind == RN_OPTIMIZER_SGD) {
        e->first = momentum * e->first + g;
        move = o->nesterov ? g + momentum * e->first : e->first;
    } else if (o->kind == RN_OPTIMIZER_RMSPROP) {
        e->first = beta * e->first + (1 - beta) * g * g;
        move = g / (sqrtl(e->first) + epsilon);
        e->second = momentum * e->second + move;
        move = e->second;
    } else if (o->kind == RN_OPTIMIZER_ADAGRAD) {
        e->first += g * g;
        move = g / (sqrtl(e->first) + epsilon);
    } else {
        e->first = beta * e->first + (1 - beta) * g;
        e->second = beta * e->second + (1 - beta) * g * g;
        long double correct = 1 - powl(beta, step);
        move = e->first / correct / (sqrtl(e->second / correct) + epsilon);
    }
    e->w -= r * move;
}

static void run_optimizer(RnOptimizer optimizer, long double clip, int64_t threads)
{
    Net net;
    open_net(&net, RN_UPDATE, RN_LOSS_CROSS_ENTROPY);
    net.train.optimizer = optimizer;
    net.train.clip = clip > 0 ? tenth : NULL;
    net.call.parallel = &(RnParallel){.threads = threads};
    fill_net(&net);
    Oracle *oracle = calloc((size_t)net.params, sizeof *oracle);
    for (int step = 1; step <= 3; step++) {
        for (int64_t i = 0; i < net.params; i++)
            oracle[i].w = ((real *)net.call.params)[i];
        assert_int_equal(rn_run(&net.call), RN_OK);
        long double square = 0;
        const real *g = net.call.gradient;
        for (int64_t i = 0; i < net.params; i++)
            square += (long double)g[i] * g[i];
        long double scale = clip > 0 && sqrtl(square) > clip ? clip / sqrtl(square) : 1;
        assert_true(clip <= 0 || scale < 1);
        for (int32_t t = 0; t < TENSORS; t++) {
            int64_t layers;
            size_t at = rn_tensor_offset(&net.program, &net.config, t, &layers) / sizeof(real);
            for (size_t i = at; i < at + (size_t)(layers * TABLE[t].size); i++) {
                oracle[i].g = g[i] * scale;
                by_the_book(&optimizer, &oracle[i], t == WEIGHT ? 0.125L : 0.25L,
                            optimizer.decay && t != BIAS ? 0.1L : 0, step);
                /* a few dozen roundings, none of which cancels more than the sizes say */
                test_close(((real *)net.call.params)[i], oracle[i].w,
                           64 * UNIT * (1 + fabsl(oracle[i].w) + fabsl(oracle[i].g)));
            }
        }
    }
    free(oracle);
    close_net(&net);
}

static void test_optimizers(void **state)
{
    (void)state;
    for (int kind = 0; kind < RN_OPTIMIZER_COUNT; kind++)
        for (int form = 0; form < 16; form++) {
            RnOptimizer o = {
                .kind = kind, .beta1 = nine_tenths, .beta2 = nine_tenths, .epsilon = tenth};
            o.momentum = form & 1 ? nine_tenths : NULL;
            o.decay = form & 2 ? tenth : NULL;
            o.nesterov = kind == RN_OPTIMIZER_SGD && (form & 7) == 5;
            run_optimizer(o, form & 4 ? 0.1L : 0, form & 8 ? 2 : 1);
        }
}

static void test_trace(void **state)
{
    (void)state;
    Net net;
    open_net(&net, RN_BACKWARD | RN_TRACE, RN_LOSS_MSE);
    fill_net(&net);
    double trace[RN_TRACE_ROWS][DEEP + 1][BATCH];
    net.call.trace = &trace[0][0][0];
    assert_int_equal(rn_run(&net.call), RN_OK);
    const RnPass *pass = net.call.workspace;
    for (int k = 0; k <= DEEP; k++)
        for (int s = 0; s < BATCH; s++) {
            const RnTile *tile = &pass->tiles[s / pass->width];
            const real *h = k ? rnk_next(pass, tile, 1, k - 1) : rnk_state(pass, tile, 1, 0);
            double sum = 0;
            for (int r = 0; r < WIDE; r++)
                sum += (double)h[r * pass->width + s % pass->width] *
                       (double)h[r * pass->width + s % pass->width];
            assert_true(trace[RN_TRACE_STATE][k][s] == sum);
            assert_true(isfinite(trace[RN_TRACE_GRADIENT][k][s]));
            assert_true((k == 0) == (trace[RN_TRACE_STATE_CHANGE][k][s] == 0));
            assert_true((k == DEEP) == (trace[RN_TRACE_GRADIENT_CHANGE][k][s] == 0));
        }
    /* the last layer's gradient is Wᵀ 2 (y − t) / OUT, free of the batch */
    const real *w = (real *)net.call.params, *y = net.call.y, *t = net.call.target;
    int64_t layers;
    w += rn_tensor_offset(&net.program, &net.config, LAST, &layers) / sizeof(real);
    for (int s = 0; s < BATCH; s++) {
        long double square = 0;
        for (int i = 0; i < WIDE; i++) {
            long double p = 0;
            for (int o = 0; o < OUT; o++)
                p += (long double)w[i * OUT + o] * 2 * (y[s * OUT + o] - t[s * OUT + o]) / OUT;
            square += p * p;
        }
        test_close(trace[RN_TRACE_GRADIENT][DEEP][s], square, 64 * UNIT * (1 + square));
    }
    close_net(&net);
}

static void test_failures(void **state)
{
    (void)state;
    Net net;
    open_net(&net, RN_UPDATE, RN_LOSS_CROSS_ENTROPY);
    fill_net(&net);
    size_t bytes = (size_t)net.params * sizeof(real);
    real *params = make_reals(net.params, 1);
    net.labels[BATCH - 1] = OUT;
    assert_int_equal(rn_run(&net.call), RN_BAD_TARGET);
    net.labels[BATCH - 1] = -1;
    assert_int_equal(rn_run(&net.call), RN_BAD_TARGET);
    net.labels[BATCH - 1] = 0;
    real *x = (real *)net.call.x, before = x[17];
    x[17] = (real)NAN;
    assert_int_equal(rn_run(&net.call), RN_NOT_FINITE);
    assert_memory_equal(params, net.call.params, bytes);
    assert_int_equal(((RnState *)net.call.state)->step, 0);
    x[17] = before;
    net.config = 2.5;
    assert_int_equal(rn_run(&net.call), RN_BAD_CONFIG);
    assert_int_equal(rn_params_size(&net.program, &net.config), 0);
    assert_int_equal(rn_workspace_size(&net.call), 0);
    net.config = 0x1p40;
    net.call.batch = (int64_t)1 << 40;
    assert_int_equal(rn_workspace_size(&net.call), 0);
    net.call.batch = 0;
    net.config = DEEP;
    assert_int_equal(rn_workspace_size(&net.call), 0);
    drop_reals(params, net.params);
    close_net(&net);
}

int test_training_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_order),
        cmocka_unit_test(test_blocks),    cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_inference), cmocka_unit_test(test_optimizers),
        cmocka_unit_test(test_trace),     cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests_name("training", tests, NULL, NULL);
}
