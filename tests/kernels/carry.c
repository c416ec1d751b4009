/* SPDX-License-Identifier: Apache-2.0
 *
 * Powers of two beside states and gradients that leave their reals: norms of a traced pass against
 * long doubles, within a bound carried along with these.
 */
#include "small_net.h"

enum { LAYERS = DEEP + 1, IS_FLOAT = sizeof(real) == 4 };
/* A layer's weights are multiplied by it: three of them leave a float, or a double. */
static const double GROWTH = IS_FLOAT ? 0x1p50 : 0x1p350;
/* Of a lane that was scaled the greatest number is no less, and its bias is added as it is. */
static const double LEAST_SCALED = IS_FLOAT ? 0x1p40 : 0x1p100;

/* Numbers of one sample with bounds of their errors. */
typedef struct Vector {
    long double value[WIDE], error[WIDE];
} Vector;

/* Wx for W [in][out], or backward the transpose times x. */
static Vector multiply(const real *w, int in, int out, int backward, const Vector *x)
{
    Vector y = {{0}, {0}};
    for (int row = 0; row < (backward ? in : out); row++) {
        long double size = 0;
        for (int k = 0; k < (backward ? out : in); k++) {
            long double weight = (long double)w[backward ? row * out + k : k * out + row];
            y.value[row] += weight * x->value[k];
            y.error[row] += fabsl(weight) * x->error[k];
            size += fabsl(weight * x->value[k]);
        }
        y.error[row] += test_bound(WIDE, size);
    }
    return y;
}

static long double greatest(const Vector *x)
{
    long double most = 0;
    for (int i = 0; i < WIDE; i++)
        most = fmaxl(most, fabsl(x->value[i]));
    return most;
}

/* x + Wx + b */
static Vector residual(const real *w, const real *bias, int backward, const Vector *x)
{
    Vector y = multiply(w, WIDE, WIDE, backward, x);
    for (int i = 0; i < WIDE; i++) {
        long double b = bias ? (long double)bias[i] : 0;
        long double size = fabsl(y.value[i]) + fabsl(x->value[i]) + fabsl(b);
        y.value[i] += x->value[i] + b;
        y.error[i] += x->error[i] + test_bound(2, size) + fabsl(b) * greatest(x) / LEAST_SCALED;
    }
    return y;
}

/* Up to a factor. Outputs are so large that the softmax of the greatest is 1. */
static Vector loss_gradient(const Net *net, int s, const Vector *y)
{
    Vector g = {{0}, {0}};
    int top = 0;
    for (int o = 1; o < OUT; o++)
        top = y->value[o] > y->value[top] ? o : top;
    for (int o = 0; o < OUT; o++) {
        const real *target = net->call.target;
        switch (net->call.loss_kind) {
        case RN_LOSS_CROSS_ENTROPY:
            assert_true(o == top ||
                        y->value[top] - y->error[top] > y->value[o] + y->error[o] + 1000);
            g.value[o] = (o == top) - (o == net->labels[s]);
            break;
        case RN_LOSS_MSE:
            g.value[o] = y->value[o] - (long double)target[s * OUT + o];
            g.error[o] = y->error[o] + 4 * UNIT * fabsl(g.value[o]);
            break;
        default:
            g.value[o] = (long double)((const real *)net->call.projection)[o];
            g.error[o] = UNIT * fabsl(g.value[o]);
        }
    }
    return g;
}

/* A norm of the trace. */
static long double traced(const Net *net, int row, int layer, int s)
{
    int64_t at = ((int64_t)row * LAYERS + layer) * BATCH + s;
    return ldexpl(sqrtl((long double)net->call.trace[at]), (int)net->call.trace_powers[at]);
}

static long double norm_of(const long double *values)
{
    long double sum = 0;
    for (int i = 0; i < WIDE; i++)
        sum += values[i] * values[i];
    return sqrtl(sum);
}

static Vector minus(const Vector *a, const Vector *b)
{
    Vector c;
    for (int i = 0; i < WIDE; i++) {
        c.value[i] = a->value[i] - b->value[i];
        c.error[i] = a->error[i] + b->error[i];
    }
    return c;
}

/* got ≈ ‖x‖ / over, where got has been divided by what is `close`, relatively, to `over`. Squares
 * and their sums are doubles. */
static void check_norm(long double got, const Vector *x, long double over, long double close)
{
    long double norm = norm_of(x->value), error = norm_of(x->error) + 2 * WIDE * 0x1p-53L * norm;
    test_close(got, norm / over, (error + 2 * close * norm) / over);
}

static const real *tensor_of(const Net *net, int32_t tensor, int layer)
{
    int64_t layers;
    size_t at = rn_tensor_offset(&net->program, &net->config, tensor, &layers) / sizeof(real);
    return (const real *)net->call.params + at + layer * TABLE[tensor].size;
}

static void check_states(const Net *net, int s, Vector *h)
{
    Vector x = {{0}, {0}};
    for (int i = 0; i < IN; i++)
        x.value[i] = (long double)((const real *)net->call.x)[s * IN + i];
    h[0] = multiply(tensor_of(net, FIRST, 0), IN, WIDE, 0, &x);
    for (int k = 0; k < DEEP; k++)
        h[k + 1] = residual(tensor_of(net, WEIGHT, k), tensor_of(net, BIAS, 0), 0, &h[k]);
    Vector change = minus(&h[DEEP], &h[0]);
    check_norm(traced(net, RN_TRACE_STATE, 0, s), &h[0], 1, 0);
    check_norm(traced(net, RN_TRACE_STATE, DEEP, s), &h[DEEP], 1, 0);
    check_norm(traced(net, RN_TRACE_STATE_CHANGE, DEEP, s), &change, 1, 0);
    assert_true(norm_of(h[DEEP].value) > (long double)(IS_FLOAT ? 0x1p128 : 0x1p1023));
}

static void check_gradients(const Net *net, int s, const Vector *state)
{
    Vector p[LAYERS];
    Vector y = multiply(tensor_of(net, LAST, 0), WIDE, OUT, 0, state);
    Vector g = loss_gradient(net, s, &y);
    p[DEEP] = multiply(tensor_of(net, LAST, 0), WIDE, OUT, 1, &g);
    for (int k = DEEP; k > 0; k--)
        p[k - 1] = residual(tensor_of(net, WEIGHT, k - 1), NULL, 1, &p[k]);
    long double norm = norm_of(p[DEEP].value), got = traced(net, RN_TRACE_GRADIENT, DEEP, s);
    assert_true((norm == 0) == (got == 0)); /* of a class that is right */
    if (norm == 0)
        return;
    long double close = norm_of(p[DEEP].error) / norm + 2 * WIDE * 0x1p-53L;
    Vector change = minus(&p[0], &p[DEEP]);
    check_norm(traced(net, RN_TRACE_GRADIENT, 0, s) / got, &p[0], norm, close);
    check_norm(traced(net, RN_TRACE_GRADIENT_CHANGE, 0, s) / got, &change, norm, close);
}

enum { ENDS = RN_FORWARD | RN_BACKWARD | RN_STATES_ONLY | RN_TRACE | RN_TRACE_ENDS };

static void check_loss(int loss)
{
    Net net;
    static double trace[RN_TRACE_ROWS * LAYERS * BATCH];
    static int64_t powers[RN_TRACE_ROWS * LAYERS * BATCH];
    open_net(&net, ENDS, loss);
    fill_net(&net);
    real *weights = (real *)(uintptr_t)tensor_of(&net, WEIGHT, 0);
    for (int i = 0; i < DEEP * WIDE * WIDE; i++)
        weights[i] *= (real)GROWTH;
    void *y = net.call.y, *losses = net.call.losses;
    net.call.trace = trace;
    net.call.trace_powers = powers;
    net.call.look = net.call.scales_states = 1;
    net.call.y = net.call.losses = NULL;
    assert_int_equal(rn_run(&net.call), RN_OK);
    for (int s = 0; s < BATCH; s++) {
        Vector h[LAYERS];
        check_states(&net, s, h);
        check_gradients(&net, s, &h[DEEP]);
    }
    net.call.y = y;
    net.call.losses = losses;
    close_net(&net);
}

static void test_losses(void **state)
{
    (void)state;
    for (int loss = RN_LOSS_CROSS_ENTROPY; loss <= RN_LOSS_PROJECTION; loss++)
        check_loss(loss);
}

/* Outputs would be scaled, gradients of weights of scaled states. */
static void test_refused(void **state)
{
    (void)state;
    Net net;
    static double trace[RN_TRACE_ROWS * LAYERS * BATCH];
    static int64_t powers[RN_TRACE_ROWS * LAYERS * BATCH];
    open_net(&net, ENDS, RN_LOSS_MSE);
    fill_net(&net);
    RnCall good = net.call, bad;
    good.trace = trace;
    good.trace_powers = powers;
    good.look = 1;
    good.y = good.losses = NULL;
    assert_int_equal(rn_run(&good), RN_OK);
    bad = good, bad.y = net.call.y;
    assert_int_equal(rn_run(&bad), RN_BAD_CONFIG);
    bad = good, bad.losses = net.call.losses;
    assert_int_equal(rn_run(&bad), RN_BAD_CONFIG);
    bad = good, bad.look = 0;
    assert_int_equal(rn_run(&bad), RN_BAD_CONFIG);
    bad = good, bad.what &= ~RN_STATES_ONLY;
    assert_int_equal(rn_run(&bad), RN_BAD_CONFIG);
    close_net(&net);
}

int test_carry_run(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_losses),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests_name("carry", tests, NULL, NULL);
}
