/* SPDX-License-Identifier: Apache-2.0
 *
 * Response of the output kernel to the input kernel, and the alpha that makes it greatest
 * (Fischer, Dahmen, Helias 2023), for one branch and one alpha for all layers:
 *
 *     eta(alpha) = f'(K^L) Π (1 + alpha² B'(K^l)),   K^l = K^{l−1} + alpha² B(K^{l−1})
 *
 * f' is the diagonal (one input) or the off-diagonal derivative (a pair) of <phi phi>. With alpha²
 * depth fixed the recursion becomes dK/dT = B(K), so that for one input
 *
 *     eta = f'(K) B(K) / B(K⁰) at K = K^L,   alpha = √(T/L),   T = ∫ dK / B(K) from K⁰ to K'
 *
 * with K' where f' B is greatest; this closed form is a derivation of ours.
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>
#include <stddef.h>

double theory_response(const TheoryStack *stack, int response)
{
    if (stack->branch_count < 1) {
        return NAN;
    }
    TheorySignal end = theory_propagate(stack);
    const TheoryOp *phi = theory_readout(stack);
    TheoryMoments m = theory_moments(phi->activation, phi->slope, end.kernel);
    return response == THEORY_PAIR ? m.pair_response * end.pair_response
                                   : m.own_response * end.own_response;
}

static int varies(const TheoryBranch *branch)
{
    for (int i = 0; i < branch->op_count; i++) {
        if (branch->ops[i].variance.at || branch->ops[i].bias_variance.at) {
            return 1;
        }
    }
    return 0;
}

const char *theory_optimal_obstacle(const TheoryStack *stack)
{
    TheoryStack shallow = *stack;
    shallow.depth = varies(&stack->branches[0]) ? stack->depth : 1;
    const char *reason = theory_obstacle(&shallow);
    if (reason) {
        return reason;
    }
    if (stack->branch_count != 1) {
        return "there is one optimal scale for one branch, and this block has several";
    }
    if (stack->skip != THEORY_IDENTITY || stack->scale.at || stack->scale.constant != 1) {
        return "the optimal scale is known for the identity skip";
    }
    for (int i = 0; i < stack->branches[0].op_count; i++) {
        TheoryOpKind kind = stack->branches[0].ops[i].kind;
        if (kind == THEORY_SUM) {
            return "the optimal scale is known for branches without a sum of layers";
        }
        if (kind == THEORY_NORM || kind == THEORY_BATCHNORM) {
            return "a norm in the branch hides the scale of the signal";
        }
    }
    return NULL;
}

/* The response as a function of log alpha. */
typedef struct Search {
    TheoryStack stack;
    TheoryBranch branch;
    int response;
} Search;

static double log_response(Search *search, double log_alpha)
{
    search->branch.alpha = (TheorySeries){.constant = exp(log_alpha)};
    search->stack.branches = &search->branch;
    return log(theory_response(&search->stack, search->response));
}

/* Golden section: the place of the greatest value between low and high, to 1e-4; the value there is
 * right to 1e-8. */
static double climb(Search *search, double low, double high,
                    double value(Search *search, double at))
{
    const double golden = 0x1.3c6ef372fe95p-1, enough = 1e-4;
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double at_a = value(search, a), at_b = value(search, b);
    while (high - low > enough) {
        if (at_a > at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - golden * (high - low);
            at_a = value(search, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + golden * (high - low);
            at_b = value(search, b);
        }
    }
    return (low + high) / 2;
}

/* The greatest value on a grid, then refined; −INFINITY or INFINITY where it lies at an end. */
static double find_peak(Search *search, double low, double high, int steps,
                        double value(Search *search, double at))
{
    double step = (high - low) / steps, best = -INFINITY;
    int place = 0;
    for (int i = 0; i <= steps; i++) {
        double now = value(search, low + i * step);
        if (now > best) {
            best = now;
            place = i;
        }
    }
    if (place == 0 || place == steps) {
        return place ? INFINITY : -INFINITY;
    }
    return climb(search, low + (place - 1) * step, low + (place + 1) * step, value);
}

static double branch_output(const TheoryStack *stack, double own, double *response)
{
    TheorySignal signal = theory_start((TheoryKernel){own, NAN});
    theory_branch(&stack->branches[0], 1, 0, 1, &signal);
    *response = signal.own_response;
    return signal.kernel.own;
}

enum { EXACT_DEPTH = 512, COARSE_DEPTH = 16 };

/* The vertex of the parabola through three values around `at`, ever closer. At the last distance
 * neither the cubic term nor rounding moves it by more than 1e-9. */
static double polish(Search *search, double at)
{
    static const double distances[] = {0.05, 0.02, 0.003, 3e-5};
    for (int i = 0; i < 4; i++) {
        double d = distances[i];
        double low = log_response(search, at - d), middle = log_response(search, at);
        double high = log_response(search, at + d), bend = low - 2 * middle + high;
        double step = bend < 0 ? d * (low - high) / (2 * bend) : 0;
        at += fmin(fmax(step, -2 * d), 2 * d);
    }
    return at;
}

/* Of a depth at most EXACT_DEPTH, by the recursion itself. The grid is in units of the alpha that
 * adds 1 to a unit kernel; it is walked at a small depth, since alpha √depth hardly depends on it.
 */
static double peak_at(const TheoryStack *stack, double depth, int response)
{
    if (response == THEORY_PAIR && isnan(stack->start.pair)) {
        return NAN;
    }
    Search search = {.stack = *stack, .branch = stack->branches[0], .response = response};
    double slope, coarse = fmin(depth, COARSE_DEPTH);
    double unit = -log(coarse * branch_output(stack, 1, &slope)) / 2;
    search.stack.depth = coarse;
    if (response == THEORY_SINGLE) {
        search.stack.start.pair = NAN;
    }
    double peak = find_peak(&search, unit - 7, unit + 3, 40, log_response);
    if (isinf(peak)) {
        return exp(peak);
    }
    search.stack.depth = depth;
    return exp(polish(&search, peak + log(coarse / depth) / 2));
}

/* alpha √depth is analytic in 1/depth: the recursion is Euler's method for dK/dT = B(K). Three
 * depths give its parabola, with an error of order EXACT_DEPTH^-3. */
static double extrapolate(const TheoryStack *stack, int response)
{
    double h[3], q[3], x = 1 / stack->depth;
    for (int i = 0; i < 3; i++) {
        double depth = EXACT_DEPTH >> i;
        h[i] = 1 / depth;
        q[i] = peak_at(stack, depth, response) * sqrt(depth);
        if (q[i] == 0 || isinf(q[i])) {
            return q[i];
        }
    }
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        sum += q[i] * (x - h[j]) * (x - h[k]) / ((h[i] - h[j]) * (h[i] - h[k]));
    }
    return sum / sqrt(stack->depth);
}

double theory_optimal_scale(const TheoryStack *stack, int response)
{
    if (theory_optimal_obstacle(stack)) {
        return NAN;
    }
    if (stack->depth <= (double)EXACT_DEPTH || varies(&stack->branches[0])) {
        return peak_at(stack, stack->depth, response);
    }
    return extrapolate(stack, response);
}

static double log_continuum(Search *search, double log_own)
{
    double own = exp(log_own), slope;
    const TheoryOp *phi = theory_readout(&search->stack);
    TheoryMoments m = theory_moments(phi->activation, phi->slope, (TheoryKernel){own, NAN});
    return log(m.own_response * branch_output(&search->stack, own, &slope));
}

/* ∫ dK / B(K) by Simpson's rule in log K. */
static double flow_time(const TheoryStack *stack, double from, double to)
{
    enum { STEPS = 512 };
    double width = log(to / from) / (double)STEPS, sum = 0, slope;
    for (int i = 0; i <= STEPS; i++) {
        double own = from * exp(i * width);
        int weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        sum += weight * own / branch_output(stack, own, &slope);
    }
    return sum * width / 3;
}

double theory_optimal_continuum(const TheoryStack *stack)
{
    if (theory_optimal_obstacle(stack) || !(stack->start.own > 0)) {
        return NAN;
    }
    Search search = {.stack = *stack, .branch = stack->branches[0]};
    double log_start = log(stack->start.own);
    double peak = find_peak(&search, fmin(log_start, -12), 12, 96, log_continuum);
    if (isinf(peak) || peak <= log_start) {
        return peak > log_start ? INFINITY : 0;
    }
    return sqrt(flow_time(stack, stack->start.own, exp(peak)) / stack->depth);
}
