/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors of 16 virtual lanes, the only vector type of the project: one zmm, two ymm or four xmm of
 * floats. GNU vector types, no intrinsics; LLVM splits them as the machine wants.
 */
#ifndef RNET_KERNELS_SIMD_H
#define RNET_KERNELS_SIMD_H

#include "core/vocabulary.h"

#include <stddef.h>
#include <stdint.h>

#ifndef RNK_REAL
#define RNK_REAL float
#endif
/* The micro-tile of products: rows × vectors, given for each instruction set by the build. */
#ifndef RNK_MR
#define RNK_MR 4
#endif
#ifndef RNK_NV
#define RNK_NV 1
#endif
/* Are large products made on a matrix unit? By the build, too. */
#ifndef RNK_MATRIX_UNIT
#define RNK_MATRIX_UNIT 0
#endif

enum { RNK_LANES = 16 };

/* Of products of wide matrices (rnk_is_wide), which are made from copies. */
enum {
    RNK_PACK_VECTORS = RNK_NV > 1 ? 2 : 1, /* the narrowest micro-tile of them */
    RNK_PACK_LANES = 256,                  /* the widest tile of such a network */
    RNK_PACK_SAMPLES = 256,                /* of a block of samples in a gradient */
    RNK_K_STEP = 32,                       /* k of a matrix unit's square, where there is one */
#if RNK_MATRIX_UNIT
    RNK_SIDE = 16,        /* of a square of the unit */
    RNK_PAIR = 32,        /* of two, rows or lanes */
    RNK_PANEL_ROWS = 512, /* whose sums wait in the second-level cache */
    RNK_PANEL_STEPS = 4,  /* of k */
    RNK_PACK_K_REALS = 0,
    /* Sums of a panel; its lanes and a pair of weights, three halves of a real for each, and those
     * that come next; four squares before they are split. */
    RNK_PACK_REALS = RNK_PANEL_ROWS * RNK_PACK_LANES +
                     2 * (RNK_PACK_LANES + RNK_PAIR) * RNK_PANEL_STEPS * RNK_K_STEP * 3 / 2 +
                     4 * RNK_SIDE * RNK_SIDE
#else
    RNK_PACK_K_REALS = RNK_PACK_LANES,
    /* Weights and sums of a panel, on any instruction set: they share the layout of a pass. For
     * each k there are RNK_PACK_K_REALS more. */
    RNK_PACK_REALS = 50 * 1024
#endif
};

typedef RNK_REAL real;
/* Values of a tile lie at multiples of 64 bytes, rows of weights anywhere. */
typedef real vreal __attribute__((vector_size(16 * sizeof(RNK_REAL)), aligned(64)));
typedef real vreal_any
    __attribute__((vector_size(16 * sizeof(RNK_REAL)), aligned(sizeof(RNK_REAL)), may_alias));

/* #if RNK_IS(RNK_REAL): does this build compute in double? */
#define RNK_IS_double 1
#define RNK_JOIN(a, b) a##b
#define RNK_IS(type) RNK_JOIN(RNK_IS_, type)

static inline __attribute__((always_inline)) int rnk_is_wide(int64_t rows)
{
    return rows >= RN_WIDE_FROM;
}

/* What a comparison of vectors gives: all bits set or none. */
typedef __typeof__((vreal){} < (vreal){}) vmask;

/* a·b + c, with one rounding where the machine has a fused multiply-add; the baseline of x86 has
 * none, and calling libm's for each lane would be hundreds of times slower. */
#if defined(__FMA__) || defined(__aarch64__) || defined(__riscv_f)
#define rnk_fma(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#else
#define rnk_fma(a, b, c) ((a) * (b) + (c))
#endif

static inline __attribute__((always_inline)) vreal rnk_splat(real value)
{
    return value - (vreal){}; /* + would turn −0 to 0, and so remain in the code */
}

static inline __attribute__((always_inline)) vreal rnk_select(vmask mask, vreal yes, vreal no)
{
    return (vreal)((mask & (vmask)yes) | (~mask & (vmask)no));
}

static inline __attribute__((always_inline)) vreal rnk_load(const real *p)
{
    return *(const vreal *)p;
}

static inline __attribute__((always_inline)) void rnk_store(real *p, vreal value)
{
    *(vreal *)p = value;
}

static inline __attribute__((always_inline)) vreal rnk_load_any(const real *p)
{
    return *(const vreal_any *)p;
}

static inline __attribute__((always_inline)) void rnk_store_any(real *p, vreal value)
{
    *(vreal_any *)p = value;
}

/* The first `count` lanes only, 0 ≤ count ≤ 16; memory behind them is not touched. In halves, as
 * a copy of unknown length would be a call. */
static inline __attribute__((always_inline)) void rnk_copy_some(real *to, const real *from,
                                                                int64_t count)
{
    int64_t at = 0;
#define PART(lanes)                                                                                \
    typedef real Part##lanes                                                                       \
        __attribute__((vector_size(lanes * sizeof(real)), aligned(sizeof(real)), may_alias));      \
    if (count & lanes) {                                                                           \
        *(Part##lanes *)(to + at) = *(const Part##lanes *)(from + at);                             \
        at += lanes;                                                                               \
    }
    PART(16) PART(8) PART(4) PART(2) if (count & 1) to[at] = from[at];
#undef PART
}

static inline __attribute__((always_inline)) vreal rnk_load_some(const real *p, int64_t count)
{
    vreal value = {};
    rnk_copy_some((real *)&value, p, count);
    return value;
}

static inline __attribute__((always_inline)) void rnk_store_some(real *p, vreal value,
                                                                 int64_t count)
{
    rnk_copy_some(p, (const real *)&value, count);
}

#endif
