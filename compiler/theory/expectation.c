/* SPDX-License-Identifier: Apache-2.0
 *
 * What the author of a block means, against the regime that it has.
 */
#include "theory/theory.h"

#include <stddef.h>

const char *theory_regime_name(TheoryRegime regime)
{
    switch (regime) {
    case THEORY_NO_REGIME:
        return "unknown";
    case THEORY_REGIME_IDENTITY:
        return "identity";
    case THEORY_REGIME_SDE:
        return "sde";
    case THEORY_REGIME_ODE:
        return "ode";
    case THEORY_REGIME_STABLE:
        return "stable";
    case THEORY_REGIME_EXPLODING:
        return "exploding";
    case THEORY_REGIME_VANISHING:
        return "vanishing";
    }
    return NULL;
}

/* A state that tends to the identity, or has a limit, stays bounded. */
static int is_bounded(TheoryRegime regime)
{
    return regime == THEORY_REGIME_STABLE || regime == THEORY_REGIME_SDE ||
           regime == THEORY_REGIME_ODE || regime == THEORY_REGIME_IDENTITY;
}

int theory_fulfils(TheoryExpectation expectation, TheoryRegime regime)
{
    switch (expectation) {
    case THEORY_EXPECT_NONE:
        return 1;
    case THEORY_EXPECT_STABLE:
        return is_bounded(regime);
    case THEORY_EXPECT_SDE:
        return regime == THEORY_REGIME_SDE;
    case THEORY_EXPECT_ODE:
        return regime == THEORY_REGIME_ODE;
    case THEORY_EXPECT_IDENTITY:
        return regime == THEORY_REGIME_IDENTITY;
    case THEORY_EXPECT_EXPLODING:
        return regime == THEORY_REGIME_EXPLODING;
    }
    return 0;
}
