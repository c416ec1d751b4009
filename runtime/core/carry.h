/* SPDX-License-Identifier: Apache-2.0
 *
 * Powers of two beside the numbers of a traced pass, so that what leaves the range of its reals can
 * be measured all the same: each lane's state and gradient are kept times 2^-power.
 *
 *     layers 0 … 7 ─▶ look ─▶ layers 8 … 15 ─▶ look ─▶ …       (RnCall.look = 8; backward alike)
 *
 * At a look a lane whose gradient has left a range in the middle is scaled to its middle. A
 * gradient is linear, and times a power of two it keeps its bits. Under RnCall.scales_states a lane
 * whose state has grown too large is scaled down, too. That is right where what lies behind grows
 * with the state, as branches do that are homogeneous up to their biases; behind a norm, or where
 * the state shrinks again, it is not, so it is for samples that leave their reals without. What
 * leaves them between two looks is lost; the norms of its gradients are no numbers then.
 *
 * Such a pass is one of RN_TRACE and RN_STATES_ONLY, without y and losses.
 */
#ifndef RNET_CORE_CARRY_H
#define RNET_CORE_CARRY_H

#include "core/program.h"
#include "core/uses.h"

/* For each lane of a tile. */
typedef struct RnPowers {
    int64_t *state, *gradient; /* the newest ones */
    int64_t *first, *last;     /* before the traced region, and of the gradient behind it */
    int64_t *lost;             /* not 0: a state was infinite or no number */
} RnPowers;

/* Are there powers? */
RN_INLINE int rn_carries(const RnCall *call)
{
    return rn_asks(call->what, RN_TRACE) && call->trace_powers;
}

/* Of so many layers those before the next look. */
RN_INLINE int64_t rn_until_look(const RnCall *call, int64_t layers)
{
    return rn_carries(call) && call->look < layers ? call->look : layers;
}

/* What a call with powers must be. */
int rn_carry_ok(const RnCall *call);
/* Powers of 0. */
void rn_carry_start(const RnPass *pass, const RnTile *tile);
/* A look at the state behind layers up to `layer` − 1, and at the gradient by it; nothing where
 * there are no powers. */
void rn_carry_state(const RnPass *pass, const RnTile *tile, int32_t region, int64_t layer);
void rn_carry_gradient(const RnPass *pass, const RnTile *tile, int32_t region, int64_t layer);
double rn_power_of_two(int64_t exponent); /* at most 1023; below −1022 it is 0 */

#endif
