/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the groups, or skips an instruction set that this machine lacks.
 */
#include "kernel_test.h"

#include "core/cpu.h"
#include "core/uses.h"

#include <stdio.h>

enum { SKIPPED = 77, MOST_TILES = 64 };

const uint64_t rnet_uses = UINT64_MAX; /* the core is linked alone here */

static int have_isa(void)
{
#if defined(__x86_64__)
    if (strcmp(TEST_ISA, "amx") == 0)
        return rn_cpu_runs(TEST_ISA); /* the process has to ask for it */
    if (strcmp(TEST_ISA, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (strcmp(TEST_ISA, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return 1;
}

double test_uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (double)(int64_t)(*state >> 11) * 0x1p-52 - 1;
}

static const real GUARD_VALUE = (real)12345.678;

real *make_reals(int64_t n, uint64_t seed)
{
    size_t bytes = ((size_t)(n + GUARD) * sizeof(real) + 63) / 64 * 64;
    real *values = aligned_alloc(64, bytes);
    assert_non_null(values);
    uint64_t state = seed * 2 + 1;
    for (int64_t i = 0; i < n; i++)
        values[i] = (real)test_uniform(&state);
    for (int64_t i = n; i < n + GUARD; i++)
        values[i] = GUARD_VALUE;
    return values;
}

void drop_reals(real *values, int64_t n)
{
    for (int64_t i = n; i < n + GUARD; i++)
        assert_true(values[i] == GUARD_VALUE);
    free(values);
}

long double test_bound(int64_t k, long double size)
{
    long double steps = (long double)k * (FUSED ? 1 : 2) * UNIT;
    return steps / (1 - steps) * size;
}

void test_close(long double value, long double expected, long double bound)
{
    if (fabsl(value - expected) <= bound)
        return;
    print_error("%.17Lg instead of %.17Lg: off by %Lg, bound %Lg\n", value, expected,
                fabsl(value - expected), bound);
    fail();
}

const RnPass *test_pass(int64_t batch, int64_t width)
{
    static RnTile tiles[MOST_TILES];
    static RnPass pass;
    static RnCall call;
    pass = (RnPass){.call = &call, .tiles = tiles, .batch = batch, .width = width};
    pass.tile_count = (batch + width - 1) / width;
    assert_true(pass.tile_count <= MOST_TILES);
    for (int64_t t = 0; t < pass.tile_count; t++) {
        int64_t left = batch - t * width;
        tiles[t] = (RnTile){
            .index = t, .width = width, .first = t * width, .valid = left < width ? left : width};
    }
    return &pass;
}

int main(void)
{
    if (!have_isa()) {
        printf("this machine has no %s\n", TEST_ISA);
        return SKIPPED;
    }
    return test_products_run() + test_activations_run() + test_norms_run() + test_filters_run() +
           test_single_run() + test_sizes_run() + test_training_run() + test_carry_run() +
           test_drafts_run();
}
