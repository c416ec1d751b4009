/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program can ask of the core, settled when it is compiled. In librnet_rt.a that is
 * everything; an object to embed defines the word for its own network, and what no bit asks for
 * folds away (compiler/emit/uses.c). The kernels in an executable know its optimiser.
 *
 *     bits 0 … 15     enum RnWhat
 *     bits 16 … 19    the places below, and bits 26 and 27
 *     bits 20 … 25    losses, by RnLossKind
 *     bits 28 … 35    optimisers, by RnOptimizerKind
 *     bits 36 … 63    laws of tensors that are drawn, by RnLawKind
 */
#ifndef RNET_CORE_USES_H
#define RNET_CORE_USES_H

#include "core/vocabulary.h"

#include <stdint.h>

enum RnUse {
    RN_USES_SINGLE = 16,    /* functions for one sample */
    RN_USES_CLIP = 17,      /* gradients are clipped */
    RN_USES_PATHS = 18,     /* laws that correlate layers */
    RN_USES_PLAIN = 19,     /* optimisers without momentum, or that do not know any */
    RN_USES_REMADE = 26,    /* states that backward makes again */
    RN_USES_MOMENTUM = 27,  /* sgd or rmsprop with it */
    RN_USES_LOSS = 20,      /* + RnLossKind */
    RN_USES_OPTIMIZER = 28, /* + RnOptimizerKind */
    RN_USES_LAW = 36        /* + RnLawKind */
};

_Static_assert(RN_USES_LOSS + (int)RN_LOSS_COUNT <= RN_USES_REMADE &&
                   RN_USES_OPTIMIZER + (int)RN_OPTIMIZER_COUNT <= RN_USES_LAW &&
                   RN_USES_LAW + (int)RN_LAW_COUNT <= 64,
               "every family has room");

/* Into its callers whatever these are optimised for: there, what they pass and what the program
 * cannot ask for are constants. */
#define RN_INLINE static inline __attribute__((always_inline))

extern const uint64_t rnet_uses;

static inline int rn_uses(int bit)
{
    return (int)(rnet_uses >> bit & 1);
}

/* The bit of `what`, where the program can ask for it at all. */
static inline int32_t rn_asks(int32_t what, int32_t bit)
{
    return what & bit & (int32_t)(rnet_uses & 0xffff);
}

#endif
