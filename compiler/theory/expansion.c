/* SPDX-License-Identifier: Apache-2.0
 *
 * The output as a sum over subsets of updates (Dherin, Munn 2025; Veit, Wilber, Belongie 2016):
 * order k has C(n, k) paths through k of n updates. For branches of gain 1 their weight is the sum
 * of products of k different alphas: of |alpha| where branches agree in sign, of alpha² (a
 * variance) where they are independent. Totals: Π (1 + |alpha|) and Π (1 + alpha²). For one alpha
 * these are C(n, k) alpha^k and (1 + alpha)^n. A path through coherent updates has Σ alpha / (1 +
 * alpha) of them on average.
 */
#include "theory/theory.h"

#include <math.h>

/* Adds the factor 1 + alpha x to the polynomial of orders below THEORY_ORDERS. */
static void add_update(double *orders, double alpha)
{
    for (int k = THEORY_ORDERS - 1; k > 0; k--) {
        orders[k] += alpha * orders[k - 1];
    }
}

TheoryExpansion theory_expansion(const TheoryStack *stack)
{
    TheoryExpansion e = {.mean_length = 0};
    double coherent[THEORY_ORDERS] = {1}, incoherent[THEORY_ORDERS] = {1};
    double updates = stack->depth * stack->branch_count;
    int64_t depth = stack->depth > (double)THEORY_DEEPEST ? 0 : (int64_t)stack->depth;
    for (int64_t layer = 1; layer <= depth; layer++) {
        for (int i = 0; i < stack->branch_count; i++) {
            double alpha = fabs(theory_at(&stack->branches[i].alpha, layer));
            add_update(coherent, alpha);
            add_update(incoherent, alpha * alpha);
            e.log_coherent_total += log1p(alpha);
            e.log_incoherent_total += log1p(alpha * alpha);
            e.mean_length += alpha / (1 + alpha);
        }
    }
    if (depth == 0) {
        e.log_coherent_total = e.log_incoherent_total = e.mean_length = NAN;
        coherent[0] = incoherent[0] = NAN;
    }
    double paths = 0;
    for (int k = 0; k < THEORY_ORDERS; k++) {
        e.log_paths[k] = k <= updates ? paths : -(double)INFINITY;
        e.log_coherent[k] = log(coherent[k]);
        e.log_incoherent[k] = log(incoherent[k]);
        paths += log((updates - k) / (k + 1));
    }
    return e;
}
