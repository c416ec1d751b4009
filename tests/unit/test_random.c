/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator against its published answers, our functions against libm, normals against theirs.
 */
#include "core/random.c" /* one translation unit, as the bitcode is built */
#include "core/random_float.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { DRAWS = 1 << 17 };

static double draws[DRAWS];

typedef struct Answer {
    uint64_t key, low, high;
    uint32_t word[4];
} Answer;

/* The test vectors that Salmon and others publish with the generator. */
static const Answer answers[] = {
    {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {0x299f31d0a4093822,
     0x85a308d3243f6a88,
     0x0370734413198a2e,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void philox_gives_the_published_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        uint32_t word[4];
        rn_philox(answers[i].key, answers[i].low, answers[i].high, word);
        for (int w = 0; w < 4; w++)
            assert_int_equal(word[w], answers[i].word[w]);
    }
}

static void eight_counters_equal_one_by_one(void **state)
{
    (void)state;
    const uint64_t lows[] = {0, 8, 0xfffffffcu, 0xfffffffffffffffcu, 0x123456789abcdefu};
    for (size_t i = 0; i < sizeof lows / sizeof *lows; i++) {
        RnPhilox8 eight;
        rn_philox8(0xdeadbeef12345678u, lows[i], lows[i] * 3, &eight);
        for (unsigned lane = 0; lane < 8; lane++) {
            uint32_t word[4];
            rn_philox(0xdeadbeef12345678u, lows[i] + lane, lows[i] * 3, word);
            for (int w = 0; w < 4; w++)
                assert_int_equal(eight.word[w][lane], word[w]);
        }
    }
}

static void draws_of_sixteen_equal_one_by_one(void **state)
{
    (void)state;
    enum { COUNT = 5 }; /* odd: two in step leave one */
    const uint64_t high[COUNT][2] = {{0xfffffffffu, 3}, {0, 1}, {2, 2}, {7, ~0ull}, {5, 4}};
    RnBits16 low[COUNT], bits[COUNT][2];
    for (unsigned lane = 0; lane < 16 * COUNT; lane++)
        low[lane / 16][lane % 16] = 0xffffffe8u + lane;
    rn_philox_draws(0xdeadbeef12345678u, COUNT, low, high, bits);
    for (unsigned lane = 0; lane < 16 * COUNT; lane++) {
        uint32_t word[4];
        unsigned draw = lane / 16, at = lane % 16;
        rn_philox(0xdeadbeef12345678u, low[draw][at], high[draw][at / 8], word);
        for (int half = 0; half < 2; half++) {
            assert_int_equal(bits[draw][half][at] & 0xffffffffu, word[2 * half]);
            assert_int_equal(bits[draw][half][at] >> 32, word[2 * half + 1]);
        }
    }
}

static void batches_equal_one_by_one(void **state)
{
    (void)state;
    const int places[][2] = {{0, 1}, {0, 0}, {1, 1}};
    const RnBits16 high = {0, 1024, 0xffffffffu, 3, 5, 4, 9, 8, 2, 2, 7, 6, 0x80000000u, 1, 11, 10};
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        RnBits16 low, bits[RN_PHILOX_BATCH][2];
        for (unsigned lane = 0; lane < 16; lane++)
            low[lane] = 0x5fffffff0u + (p ? lane : lane % 8);
        rn_philox_batch(0xdeadbeef12345678u, &low, &high, places[p], bits);
        for (unsigned lane = 0; lane < 16 * RN_PHILOX_BATCH; lane++) {
            uint32_t word[4];
            unsigned draw = lane / 16, at = lane % 16;
            unsigned which = 2 * draw + (unsigned)places[p][at / 8];
            rn_philox(0xdeadbeef12345678u, low[at], high[which], word);
            for (int half = 0; half < 2; half++) {
                assert_int_equal(bits[draw][half][at] & 0xffffffffu, word[2 * half]);
                assert_int_equal(bits[draw][half][at] >> 32, word[2 * half + 1]);
            }
        }
    }
}

static void one_index_equals_its_block(void **state)
{
    (void)state;
    enum { BLOCKS = 2 * RN_PHILOX_BATCH + 7, COUNT = 16 * BLOCKS }; /* a whole batch, some, half */
    draws[COUNT] = 99;
    rn_normals(7, 3, 5, BLOCKS, draws);
    assert_true(draws[COUNT] == 99);
    for (unsigned i = 0; i < COUNT; i++) {
        RnDouble8 u[2];
        rn_uniform16(7, 3, 5 + i / 16, u);
        assert_true(u[i % 16 / 8][i % 8] == rn_uniform(7, 3, 80 + i));
        assert_true(draws[i] == rn_normal(7, 3, 80 + i));
    }
}

static void open_unit_never_touches_its_ends(void **state)
{
    (void)state;
    assert_true(rn_open_unit(0) == 0x1p-53);
    assert_true(rn_open_unit(~0ull) == 1 - 0x1p-53);
    RnBits8 bits = {0, ~0ull};
    RnDouble8 u;
    rn_open_unit8(&bits, &u);
    assert_true(u[0] == 0x1p-53 && u[1] == 1 - 0x1p-53);
}

static void streams_differ(void **state)
{
    (void)state;
    const uint64_t streams[] = {rn_stream("a", 0, 0), rn_stream("b", 0, 0), rn_stream("a", 1, 0),
                                rn_stream("a", 0, 1), rn_stream("", 0, 0),  rn_stream("aa", 0, 0),
                                rn_stream("a", 1, 1)};
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(streams[i] != streams[j]);
}

/* Distance in units of the last place of a number with `bits` bits. */
static double ulps(double got, long double want, int bits)
{
    int exponent;
    (void)frexpl(want, &exponent);
    return (double)(fabsl((long double)got - want) / ldexpl(1, exponent - bits));
}

static void assert_close(double got, long double want, int bits, double most)
{
    if (ulps(got, want, bits) > most)
        fail_msg("got %.17g, want %.17Lg", got, want);
}

/* As many as the functions take at a time, of a block. */
static void draw_uniforms(uint64_t stream, uint64_t block, RnDoubles *u)
{
    RnDouble8 halves[2];
    rn_uniform16(stream, 0, block, halves);
    memcpy(u, halves, sizeof *u);
}

static void logarithm_is_near_libm(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40000; i++) {
        RnDoubles u, y;
        draw_uniforms(1, i, &u);
        RnDoubles x = i % 3 ? u * (i % 3 == 1 ? 1.0 : 1e6) : 1.0 + u * 1e-9;
        rn_logs(&x, &y);
        for (int lane = 0; lane < RN_DOUBLES; lane++)
            assert_close(y[lane], logl((long double)x[lane]), 53, 1);
    }
    assert_true(rn_log(1) == 0);
    assert_close(rn_log(0x1p-53), logl(0x1p-53L), 53, 1);
}

/* Away from zeros, where the reference's own angle is rounded too coarsely. */
static void turns_are_near_libm(void **state)
{
    (void)state;
    const long double two_pi = 6.283185307179586476925286766559005768L;
    for (uint64_t i = 0; i < 40000; i++) {
        RnDoubles u, s, c;
        draw_uniforms(2, i, &u);
        rn_turns(&u, &s, &c);
        for (int lane = 0; lane < RN_DOUBLES; lane++) {
            long double angle = two_pi * (long double)u[lane];
            if (fabsl(sinl(angle)) > 1e-2L)
                assert_close(s[lane], sinl(angle), 53, 3);
            if (fabsl(cosl(angle)) > 1e-2L)
                assert_close(c[lane], cosl(angle), 53, 3);
            assert_true(fabs(s[lane]) <= 1 && fabs(c[lane]) <= 1);
        }
    }
    const double at[] = {0, 1, 0, -1, 0, 1};
    double s, c;
    for (int quarter = 0; quarter <= 4; quarter++) {
        rn_turn(quarter / 4.0, &s, &c);
        assert_true(s == at[quarter]);
        assert_true(c == at[quarter + 1]);
    }
}

static void exponential_is_near_libm(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        double x = (rn_uniform(3, 0, i) - 0.5) * (i % 2 ? 1400 : 2);
        assert_close(rn_exp(x), expl((long double)x), 53, 1);
    }
    assert_true(rn_exp(0) == 1 && rn_exp(-800) == 0);
}

static void floats_are_near_libm(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40000; i++) {
        RnFloats x, scaled, angle, y, s, c;
        for (int lane = 0; lane < RN_FLOATS; lane++) {
            x[lane] = (float)rn_uniform(4, i, lane) * (i % 2 ? 1.0f : 1e-6f);
            angle[lane] = (float)rn_uniform(5, i, lane);
        }
        scaled = x * 0x1p31f;
        rn_minus_two_logs(&scaled, 31, &y);
        rn_float_turns(&angle, &s, &c);
        for (int lane = 0; lane < RN_FLOATS; lane++) {
            double turn = 2 * 3.14159265358979323846 * (double)angle[lane];
            assert_close((double)y[lane], -2 * (long double)log((double)x[lane]), 24, 2);
            if (fabs(sin(turn)) > 1e-2)
                assert_close((double)s[lane], (long double)sin(turn), 24, 3);
            if (fabs(cos(turn)) > 1e-2)
                assert_close((double)c[lane], (long double)cos(turn), 24, 3);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mean of z^k over n draws of a normal law lies within 4 standard errors; and Kolmogorov's
 * distance times √n exceeds 1.95 once in a thousand samples. */
static void check_normal(double *z, int n)
{
    const double moment[] = {0, 0, 1, 0, 3}, variance[] = {0, 1, 2, 15, 96};
    for (int k = 1; k <= 4; k++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += pow(z[i], k);
        assert_true(fabs(sum / n - moment[k]) < 4 * sqrt(variance[k] / n));
    }
    qsort(z, (size_t)n, sizeof *z, compare);
    double distance = 0;
    for (int i = 0; i < n; i++) {
        double p = erfc(-z[i] / sqrt(2)) / 2;
        distance = fmax(distance, fmax(p - (double)i / n, (i + 1.0) / n - p));
    }
    assert_true(distance * sqrt(n) < 1.95);
}

static void normals_are_normal(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        rn_normals(rn_stream("w", seed, 0), 0, 0, DRAWS / 16, draws);
        check_normal(draws, DRAWS);
    }
}

static void float_normals_are_normal(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < DRAWS / (2 * RN_FLOATS); i++) {
        RnWords words[2];
        RnFloats normal[2];
        for (uint64_t lane = 0; lane < RN_FLOATS; lane++) {
            uint64_t bits = rn_bits(11, i, lane);
            words[0][lane] = (uint32_t)bits;
            words[1][lane] = (uint32_t)(bits >> 32);
        }
        rn_float_box_muller(words, normal);
        for (int lane = 0; lane < 2 * RN_FLOATS; lane++)
            draws[2 * RN_FLOATS * i + lane] = (double)normal[lane / RN_FLOATS][lane % RN_FLOATS];
    }
    check_normal(draws, DRAWS);
    RnWords ends[2] = {{0, 0xffffffffu}, {0}};
    RnFloats normal[2];
    rn_float_box_muller(ends, normal);
    assert_true(normal[0][0] > 6.5f && normal[0][0] < 6.8f);
    assert_true(normal[0][1] == 0 && !signbit(normal[0][1]));
}

/* Neighbours in a stream, the two halves of a transform, equal places of two streams. */
static void normals_are_uncorrelated(void **state)
{
    (void)state;
    static double other[DRAWS];
    rn_normals(rn_stream("w", 0, 0), 0, 0, DRAWS / 16, draws);
    rn_normals(rn_stream("w", 0, 1), 0, 0, DRAWS / 16, other);
    double next = 0, half = 0, across = 0;
    for (int i = 0; i + 8 < DRAWS; i++) {
        next += draws[i] * draws[i + 1];
        half += draws[i] * draws[i + 8];
        across += draws[i] * other[i];
    }
    double bound = 4 * sqrt(DRAWS);
    assert_true(fabs(next) < bound && fabs(half) < bound && fabs(across) < bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(eight_counters_equal_one_by_one),
        cmocka_unit_test(draws_of_sixteen_equal_one_by_one),
        cmocka_unit_test(batches_equal_one_by_one),
        cmocka_unit_test(one_index_equals_its_block),
        cmocka_unit_test(open_unit_never_touches_its_ends),
        cmocka_unit_test(streams_differ),
        cmocka_unit_test(logarithm_is_near_libm),
        cmocka_unit_test(turns_are_near_libm),
        cmocka_unit_test(exponential_is_near_libm),
        cmocka_unit_test(floats_are_near_libm),
        cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(float_normals_are_normal),
        cmocka_unit_test(normals_are_uncorrelated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
