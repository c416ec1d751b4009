/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the kernels share: memory, random numbers, error bounds, a pass over tiles.
 */
#ifndef RNET_TESTS_KERNEL_TEST_H
#define RNET_TESTS_KERNEL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pass.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 32 }; /* reals behind every array that nobody may touch */

/* Under an emulator, whose long doubles are slow, a part of all sizes has to do. */
#ifdef TEST_FEW
#define OF_SIZES(all, few) (few)
#else
#define OF_SIZES(all, few) (all)
#endif

/* Half the distance from 1 to the next real. */
#define UNIT (sizeof(real) == 4 ? 0x1p-24 : 0x1p-53)

/* Has a product one rounding or two? */
#define FUSED (strcmp(TEST_ISA, "baseline") != 0)

/* Roundings in a row of a sum of so many products on a matrix unit: sixteen of either half of a
 * square's words, one of both together, one of the sum with what it began with, one of each square,
 * six a step of 32; and two more for what the thirds leave out. */
#define UNIT_STEPS(depth) (16 + 1 + 1 + 6 * (((depth) + 31) / 32) + 2)

/* Is the product of such a matrix made on a matrix unit? */
static inline int is_on_unit(int64_t rows, int64_t depth)
{
    return RNK_MATRIX_UNIT && rnk_is_wide(rows) && rnk_is_wide(depth);
}

/* n reals at a multiple of 64 bytes, in (−1, 1) by seed, and a guard behind them. */
real *make_reals(int64_t n, uint64_t seed);
/* Fails where something wrote behind them; frees. */
void drop_reals(real *values, int64_t n);
double test_uniform(uint64_t *state);

/* Bound on the error of a sum of k products whose absolute values sum to `size`, relative error of
 * each step at most UNIT (Higham 2002, section 3.1), roundings twice without a fused multiply-add;
 * the last summand is for one rounding of the result. */
long double test_bound(int64_t k, long double size);
void test_close(long double value, long double expected, long double bound);

/* Tiles of a batch, for kernels that run over all samples. Static storage inside. */
const RnPass *test_pass(int64_t batch, int64_t width);

int test_products_run(void), test_activations_run(void), test_norms_run(void),
    test_filters_run(void), test_single_run(void), test_sizes_run(void), test_training_run(void),
    test_carry_run(void), test_drafts_run(void);

#endif
