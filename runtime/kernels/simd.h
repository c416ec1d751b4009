/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors of 16 virtual lanes, the only vector type of the project: one zmm, two ymm or four xmm of
 * floats. GNU vector types, no intrinsics; LLVM splits them as the machine wants.
 */
#ifndef RNET_KERNELS_SIMD_H
#define RNET_KERNELS_SIMD_H

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

enum { RNK_LANES = 16 };

typedef RNK_REAL real;
typedef real vreal __attribute__((vector_size(16 * sizeof(RNK_REAL))));

/* a·b + c, with one rounding where the machine has a fused multiply-add; the baseline of x86 has
 * none, and calling libm's for each lane would be hundreds of times slower. */
#if defined(__FMA__) || defined(__aarch64__) || defined(__riscv_f)
#define rnk_fma(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#else
#define rnk_fma(a, b, c) ((a) * (b) + (c))
#endif

static inline __attribute__((always_inline)) vreal rnk_splat(real value)
{
    return (vreal){} + value;
}

static inline __attribute__((always_inline)) vreal rnk_load(const real *p)
{
    return *(const vreal *)p;
}

static inline __attribute__((always_inline)) void rnk_store(real *p, vreal value)
{
    *(vreal *)p = value;
}

#endif
