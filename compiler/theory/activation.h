/* SPDX-License-Identifier: Apache-2.0
 *
 * The activations as functions of one number, and the few facts that the theories use.
 */
#ifndef RNET_THEORY_ACTIVATION_H
#define RNET_THEORY_ACTIVATION_H

#include "theory/stack.h"

/* phi(x) and phi'(x). */
typedef struct TheoryValue {
    double value, slope;
} TheoryValue;
TheoryValue theory_value(TheoryActivation activation, double slope, double x);

/* phi(−x) = −phi(x): averages over symmetric weights vanish. */
int theory_is_odd(TheoryActivation activation);
/* |phi| stays below a bound. */
int theory_is_bounded(TheoryActivation activation);
/* phi(c x) = c phi(x) for c > 0. */
int theory_is_homogeneous(TheoryActivation activation);
/* sup |phi'| */
double theory_steepest(TheoryActivation activation, double slope);

#endif
