/* SPDX-License-Identifier: Apache-2.0
 *
 * Activations and derivatives against libm in long double, over all magnitudes; dropout's masks.
 */
#include "kernel_test.h"

#include <string.h>

typedef long double Exact(long double x);
typedef void Act(vreal *y, const vreal *x, real slope);
typedef void Grad(vreal *y, const vreal *d, const vreal *v, real slope);

/* Distance between neighbouring reals at x. */
static long double spacing(long double x)
{
    int exponent, least = sizeof(real) == 4 ? -149 : -1074, digits = sizeof(real) == 4 ? 24 : 53;
    frexpl(x, &exponent);
    int at = exponent - digits;
    return ldexpl(1, x == 0 || at < least ? least : at);
}

static long double sigmoid_exact(long double x)
{
    return 1 / (1 + expl(-x));
}
static long double relu_exact(long double x)
{
    return x > 0 ? x : 0;
}
static long double leaky_exact(long double x)
{
    return x > 0 ? x : x * (long double)(real)0.1;
}
static long double identity_exact(long double x)
{
    return x;
}
static long double softplus_exact(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}
static long double gelu_exact(long double x)
{
    return x * erfcl(-x * sqrtl(0.5L)) / 2;
}
static long double silu_exact(long double x)
{
    return x * sigmoid_exact(x);
}

static long double relu_slope(long double v)
{
    return v > 0;
}
static long double leaky_slope(long double v)
{
    return v > 0 ? 1 : (long double)(real)0.1;
}
static long double one(long double v)
{
    (void)v;
    return 1;
}
static long double tanh_slope(long double v)
{
    return 1 - v * v;
}
static long double sigmoid_slope(long double v)
{
    return v * (1 - v);
}
static long double erf_slope(long double x)
{
    return 1.12837916709551257389615890312154517L * expl(-x * x);
}
static long double gelu_slope(long double x)
{
    return erfcl(-x * sqrtl(0.5L)) / 2 + x * expl(-x * x / 2) * 0.398942280401432677939946059934L;
}
static long double silu_slope(long double x)
{
    long double s = sigmoid_exact(x);
    return s * (1 + x * (1 - s));
}
static long double softplus_slope(long double v)
{
    return -expm1l(-v);
}

/* Errors of at most `ulps` of the result, plus `share` units of 1 + |x|: the sums inside gelu and
 * silu cancel, and arguments of exponentials are rounded. */
static void check_value(real x, real got, long double expected, double ulps, double share)
{
    long double bound = ulps * spacing(expected) + share * UNIT * (1 + fabsl((long double)x));
    if (fabsl((long double)x) > 0 && expected != 0 && fabsl(expected) < 1e-30L)
        bound += spacing(0); /* at the edge of the subnormals */
    if (fabsl((long double)got - expected) > bound)
        print_error("at %.9g\n", (double)x);
    test_close(got, expected, bound);
}

/* Numbers of every binade, both signs, up to `most`. */
static real sample(uint64_t *state, double most)
{
    double u = test_uniform(state), binades = sizeof(real) == 4 ? 40 : 60;
    double size = most * exp2(-binades * fabs(test_uniform(state)));
    return (real)(u < 0 ? -size * (2 + u) / 2 : size * (2 - u) / 2);
}

enum { ROUNDS = OF_SIZES(4000, 200) };

static void check_act(Act *act, Exact *exact, double most, double ulps, double share)
{
    uint64_t state = 7;
    for (int round = 0; round < ROUNDS; round++) {
        vreal x, y;
        for (int l = 0; l < 16; l++)
            x[l] = round ? sample(&state, most) : (real)(l - 8) / 4;
        act(&y, &x, (real)0.1);
        for (int l = 0; l < 16; l++)
            check_value(x[l], y[l], exact(x[l]), ulps, share);
    }
}

static void check_grad(Grad *grad, Exact *exact, double low, double most, double ulps, double share)
{
    uint64_t state = 9;
    for (int round = 0; round < ROUNDS; round++) {
        vreal v, y, d;
        for (int l = 0; l < 16; l++) {
            v[l] = sample(&state, most);
            if ((double)v[l] < low)
                v[l] = -v[l];
            d[l] = 2; /* a power of two: exact */
        }
        grad(&y, &d, &v, (real)0.1);
        for (int l = 0; l < 16; l++)
            check_value(v[l], y[l] / 2, exact(v[l]), ulps, share);
    }
}

/* As stated at rnk_tanh: without fused multiply-adds it rounds more often. */
static double tanh_ulps(void)
{
    if (sizeof(real) == sizeof(double))
        return 3;
    return strcmp(TEST_ISA, "baseline") ? 3.1 : 3.7;
}

static void test_values(void **state)
{
    (void)state;
    check_act(rnk_act_LINEAR, identity_exact, 1e30, 0, 0);
    check_act(rnk_act_RELU, relu_exact, 1e30, 0, 0);
    check_act(rnk_act_LEAKY_RELU, leaky_exact, 1e30, 0.5, 0);
    check_act(rnk_act_TANH, tanhl, 40, tanh_ulps(), 0);
    check_act(rnk_act_SIGMOID, sigmoid_exact, 100, 3, 0);
    check_act(rnk_act_ERF, erfl, 10, 3, 0);
    check_act(rnk_act_GELU, gelu_exact, 10, 0, 4);
    check_act(rnk_act_SILU, silu_exact, 80, 4, 0);
    check_act(rnk_act_SOFTPLUS, softplus_exact, 100, 4, 0);
    check_act(rnk_act_SIN, sinl, 4e6, 2, 0);
    check_act(rnk_act_SIN, sinl, 1e12, 2, 0);
}

static void test_slopes(void **state)
{
    (void)state;
    check_grad(rnk_act_grad_LINEAR, one, -1e9, 1e9, 0, 0);
    check_grad(rnk_act_grad_RELU, relu_slope, -1e9, 1e9, 0, 0);
    check_grad(rnk_act_grad_LEAKY_RELU, leaky_slope, -1e9, 1e9, 0, 0);
    check_grad(rnk_act_grad_TANH, tanh_slope, -1, 1, 0, 1);
    check_grad(rnk_act_grad_SIGMOID, sigmoid_slope, 0, 1, 2, 0);
    check_grad(rnk_act_grad_ERF, erf_slope, -10, 10, 0, 4);
    check_grad(rnk_act_grad_GELU, gelu_slope, -10, 10, 0, 4);
    check_grad(rnk_act_grad_SILU, silu_slope, -80, 80, 0, 4);
    check_grad(rnk_act_grad_SOFTPLUS, softplus_slope, 0, 100, 3, 0);
    check_grad(rnk_act_grad_SIN, cosl, -4e6, 4e6, 2, 0);
    check_grad(rnk_act_grad_SIN, cosl, -1e12, 1e12, 2, 0);
}

/* NaN stays NaN, infinities reach their limits. */
static void test_far(void **state)
{
    (void)state;
    const struct {
        Act *act;
        double below, above;
    } rows[] = {{rnk_act_RELU, 0, INFINITY},     {rnk_act_TANH, -1, 1},
                {rnk_act_SIGMOID, 0, 1},         {rnk_act_ERF, -1, 1},
                {rnk_act_SOFTPLUS, 0, INFINITY}, {rnk_act_SIN, NAN, NAN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        vreal y, x = {(real)-INFINITY, (real)INFINITY, (real)NAN};
        rows[i].act(&y, &x, 0);
        assert_true(isnan(y[2]));
        assert_true(y[0] == (real)rows[i].below || isnan(rows[i].below));
        assert_true(y[1] == (real)rows[i].above || isnan(rows[i].above));
        assert_true(isnan((double)y[0]) == isnan(rows[i].below));
    }
}

/* Draws a mask of 16 lanes as bits. */
static unsigned mask(uint64_t key, int64_t first, double p, int64_t layer, int64_t row, int on)
{
    uint64_t streams[] = {1, key};
    RnPass pass = {.streams = streams, .training = on};
    RnTile tile = {.first = first};
    vreal x = (vreal){} + 3, y;
    unsigned bits = 0;
    rnk_dropout(&pass, &tile, &y, &x, 1, p, layer, row, 16);
    for (int l = 0; l < 16; l++) {
        real kept = on ? (real)3 * (real)(1 / (1 - p)) : 3;
        assert_true(y[l] == 0 || y[l] == kept);
        bits |= (unsigned)(y[l] != 0) << l;
    }
    return bits;
}

static void test_dropout(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    int64_t kept = 0;
    for (int64_t i = 0; i < DRAWS; i++)
        kept += __builtin_popcount(mask(5, 16 * (i % 9), 0.3, i / 9, i % 7, 1));
    double n = 16.0 * DRAWS; /* duplicates of the cycle's period 63 never meet: the layer moves */
    assert_true(fabs((double)kept - 0.7 * n) < 5 * sqrt(n * 0.3 * 0.7));
    unsigned base = mask(5, 0, 0.5, 3, 4, 1);
    assert_int_equal(base, mask(5, 0, 0.5, 3, 4, 1));
    assert_int_not_equal(base, mask(6, 0, 0.5, 3, 4, 1));
    assert_int_not_equal(base, mask(5, 16, 0.5, 3, 4, 1));
    assert_int_not_equal(base, mask(5, 0, 0.5, 2, 4, 1));
    assert_int_not_equal(base, mask(5, 0, 0.5, 3, 5, 1));
    assert_int_equal(mask(5, 0, 0.5, 3, 4, 0), 0xffff);
    assert_int_equal(mask(5, 0, 0, 3, 4, 1), 0xffff);
}

int test_activations_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_far),
        cmocka_unit_test(test_dropout),
    };
    return cmocka_run_group_tests_name("activations", tests, NULL, NULL);
}
