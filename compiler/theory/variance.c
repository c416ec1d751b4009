/* SPDX-License-Identifier: Apache-2.0
 *
 * Fluctuations of the mean square p_k = (1/N) Σ phi(h^k_i)² at width N, to order 1/N, for the
 * branch phi → W of independent normal weights (linear response around Fischer, Dahmen, Helias
 * 2023; the derivation is ours):
 *
 *     dp_k = G_k/√N + f'(K^k) Σ_{i<k} alpha_{i+1}² s_w² dp_i
 *     Cov(G_k, G_m) = Cov(phi(x)², phi(y)²),  (x, y) normal of covariance K^min(k,m)
 *     N Var(p_L) = wᵀ Cov(G) w,  w_L = 1,  w_i = alpha_{i+1}² s_w² Σ_{k>i} f'(K^k) w_k
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>
#include <stddef.h>

double theory_population(const TheoryStack *stack)
{
    if (stack->branch_count < 1) {
        return NAN;
    }
    const TheoryOp *phi = theory_readout(stack);
    TheorySignal end = theory_propagate(stack);
    return theory_moments(phi->activation, phi->slope, (TheoryKernel){end.kernel.own, NAN}).own;
}

/* One layer: Hermite coefficients of phi², what lies beyond them, K and f'. */
typedef struct Row {
    double *coefficients, *rest, *own, *slope;
} Row;

static Row row_of(double *work, int64_t layer)
{
    double *row = work + layer * (THEORY_TERMS + 3);
    return (Row){row, row + THEORY_TERMS, row + THEORY_TERMS + 1, row + THEORY_TERMS + 2};
}

static int is_known(const TheoryStack *stack)
{
    if (theory_obstacle(stack) || stack->branch_count != 1 ||
        stack->depth > (double)THEORY_VARIANCE_DEPTH || stack->skip != THEORY_IDENTITY ||
        stack->scale.at || stack->scale.constant != 1) {
        return 0;
    }
    const TheoryBranch *branch = &stack->branches[0];
    return branch->op_count == 2 && branch->ops[0].kind == THEORY_ACTIVATION &&
           branch->ops[1].kind == THEORY_MATRIX;
}

/* f' and the covariances weighed: 1 + f' of the layers behind, w in place of them. */
static void weigh(const TheoryStack *stack, double *work, int64_t depth)
{
    const TheoryBranch *branch = &stack->branches[0];
    double behind = 0, slope = *row_of(work, depth).slope;
    *row_of(work, depth).slope = 1;
    for (int64_t i = depth - 1; i >= 0; i--) {
        double alpha = theory_at(&branch->alpha, i + 1);
        double variance = theory_at(&branch->ops[1].variance, i + 1);
        double *place = row_of(work, i).slope;
        behind += slope * *row_of(work, i + 1).slope;
        slope = *place;
        *place = alpha * alpha * variance * behind;
    }
}

static double covariance(const Row *a, const Row *b)
{
    double c = sqrt(*a->own / *b->own), power = c, sum = 0;
    for (int n = 1; n < THEORY_TERMS; n++) {
        sum += a->coefficients[n] * b->coefficients[n] * power;
        power *= c;
    }
    return sum + sqrt(*a->rest * *b->rest) * power;
}

double theory_variance(const TheoryStack *stack, double *work)
{
    if (!is_known(stack)) {
        return NAN;
    }
    int64_t depth = (int64_t)stack->depth;
    const TheoryBranch *branch = &stack->branches[0];
    TheorySignal signal = theory_start((TheoryKernel){stack->start.own, NAN});
    for (int64_t layer = 0; layer <= depth; layer++) {
        Row row = row_of(work, layer);
        const TheoryOp *phi = &branch->ops[0];
        if (layer > 0) {
            theory_branch(branch, layer, 1, theory_at(&branch->alpha, layer), &signal);
        }
        *row.own = signal.kernel.own;
        *row.slope = theory_moments(phi->activation, phi->slope, signal.kernel).own_response;
        *row.rest = theory_square_series(phi, signal.kernel.own, row.coefficients);
    }
    weigh(stack, work, depth);
    double sum = 0;
    for (int64_t m = 0; m <= depth; m++) {
        Row last = row_of(work, m);
        for (int64_t k = 0; k <= m; k++) {
            Row row = row_of(work, k);
            sum += (k < m ? 2 : 1) * *row.slope * *last.slope * covariance(&row, &last);
        }
    }
    return sum;
}
