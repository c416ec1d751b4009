/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain descent: for the optimiser, and for kernels that update where they sum gradients, which
 * must come to the same bits.
 */
#ifndef RNET_CORE_DESCENT_H
#define RNET_CORE_DESCENT_H

#include "core/pass.h"

/* Is the update w ← w − rate·g, and does nobody else want g? Gradients of matrices then make it. */
static inline int rn_descends(const RnPass *pass)
{
    if (!rn_uses(RN_USES_OPTIMIZER + RN_OPTIMIZER_SGD) || !rn_uses(RN_USES_PLAIN) || !pass->fused)
        return 0;
    const RnOptimizer *optimizer = &pass->program->train->optimizer;
    return optimizer->kind == RN_OPTIMIZER_SGD && !optimizer->momentum && !pass->call->gradient;
}

/* The gradient with what decay adds to it. */
static inline __attribute__((always_inline)) vreal rn_decayed(const RnRule *rule, vreal w, vreal g)
{
    if (rule->decay != 0)
        g = g + rule->decay * w;
    return g;
}

static inline __attribute__((always_inline)) vreal rn_descended(const RnRule *rule, vreal w,
                                                                vreal step)
{
    return w - rule->rate * step;
}

#endif
