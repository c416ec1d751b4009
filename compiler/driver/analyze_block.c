/* SPDX-License-Identifier: Apache-2.0
 *
 * What theory says of each residual block.
 */
#include "driver/analyze.h"

#include "driver/block.h"

#include <math.h>

static const char *const skip_names[] = {
    [RN_SIGNAL_IDENTITY] = "identity",
    [RN_SIGNAL_FILTER] = "orthogonal",
    [RN_SIGNAL_NO_SKIP] = "none",
    [RN_SIGNAL_TRAINED_SKIP] = "dense",
    [RN_SIGNAL_OTHER_SKIP] = "of another kind",
};

static const char *const expectation_names[] = {
#define X(tag, name) name,
    RN_EXPECTATIONS(X)
#undef X
};

typedef struct Subject {
    Report *report;
    const SignalBlock *block;
    BlockTheory *theory;
} Subject;

static void report_regime(const Subject *s)
{
    TheoryFamily family = block_family(s->theory);
    TheoryVerdict v = theory_regime(&family, block_depth(s->theory));
    report_begin(s->report, "regime", "as depth grows");
    report_text(s->report, "regime", theory_regime_name(v.regime));
    report_text(s->report, "why", v.regime ? v.why : block_reason(s->theory, v.why));
    report_text(s->report, "expect", s->block->expect ? expectation_names[s->block->expect] : NULL);
    report_number(s->report, "critical_exponent", v.critical);
    report_number(s->report, "alpha_exponent", v.exponent);
    report_end(s->report);
}

static void report_scale(const Subject *s, const TheoryStack *stack)
{
    int64_t depth = (int64_t)fmin(stack->depth, THEORY_DEEPEST);
    double square = 0, sum = 0;
    for (int64_t layer = 1; layer <= depth; layer++) {
        for (int i = 0; i < stack->branch_count; i++) {
            double alpha = theory_at(&stack->branches[i].alpha, layer);
            square += alpha * alpha;
            sum += fabs(alpha);
        }
    }
    report_amount(s->report, "depth", stack->depth, "layers");
    report_amount(s->report, "width", stack->width, "features");
    report_text(s->report, "skip", skip_names[stack->skip]);
    report_number(s->report, "skip_product", exp(theory_log_gain(stack)));
    if (stack->branch_count > 0) {
        report_number(s->report, "alpha_first", theory_at(&stack->branches[0].alpha, 1));
        report_number(s->report, "alpha_last", theory_at(&stack->branches[0].alpha, depth));
    }
    report_number(s->report, "alpha_sum", sum);
    report_number(s->report, "alpha_square_sum", square);
}

static void report_moments(const Subject *s)
{
    bool guessed = block_guesses_inputs(s->theory);
    const TheoryStack *stack = block_here(s->theory);
    TheoryRatios r = theory_ratios(stack);
    /* in the names of what `probe` measures */
    report_begin(s->report, "first_weights", "expected at the first weights");
    report_text(s->report, "not_predicted", block_reason(s->theory, theory_obstacle(stack)));
    report_text(s->report, "assumed",
                guessed ? "an entry of the model's inputs has the mean square 1; for others these "
                          "numbers differ, since the branch is not in proportion to the state"
                        : NULL);
    report_named(s->report, "forward_square", "forward_ratio^2", r.forward_square);
    report_named(s->report, "forward_change_square", "forward_change^2", r.change_square);
    report_named(s->report, "gradient_square", "gradient_ratio^2", r.gradient_square);
    report_named(s->report, "gradient_change_square", "gradient_change^2",
                 r.gradient_change_square);
    /* where nothing is predicted the reason stands there already */
    report_text(s->report, "no_law_of_the_norm", theory_obstacle(stack) ? NULL : r.law_obstacle);
    report_named(s->report, "forward_mean", "forward_ratio", r.mean_ratio);
    report_named(s->report, "forward_median", "its median", r.median_ratio);
    report_named(s->report, "forward_deviation", "its deviation", r.deviation_ratio);
    report_named(s->report, "log_square_mean", "log forward_ratio^2", r.log_mean);
    report_named(s->report, "log_square_deviation", "its deviation", r.log_deviation);
    report_end(s->report);
}

/* The inputs that alpha optimal(…) is for, else the probe's. */
static const TheoryStack *stack_for_field(const Subject *s)
{
    for (uint32_t i = 0; i < s->block->branches.count; i++) {
        const SignalBranch *branch = &s->block->branches.items[i];
        if (branch->optimal != RN_OPTIMAL_NONE) {
            block_here(s->theory);
            return block_for_optimal(s->theory, branch);
        }
    }
    return block_here(s->theory);
}

static void report_field(const Subject *s, double alpha)
{
    TheoryStack stack = *stack_for_field(s);
    const char *obstacle = theory_optimal_obstacle(&stack);
    report_begin(s->report, "field", "field theory");
    report_text(s->report, "not_predicted", block_reason(s->theory, obstacle));
    if (obstacle == NULL) {
        report_number(s->report, "kernel_0", stack.start.own);
        report_number(s->report, "kernel_0_pair", stack.start.pair);
        report_number(s->report, "optimal_pair", theory_optimal_scale(&stack, THEORY_PAIR));
        report_number(s->report, "optimal_single", theory_optimal_scale(&stack, THEORY_SINGLE));
        report_number(s->report, "optimal_continuum", theory_optimal_continuum(&stack));
        TheoryBranch branch = stack.branches[0];
        if (isfinite(alpha)) {
            branch.alpha = (TheorySeries){.constant = alpha};
        }
        stack.branches = &branch;
        TheorySignal end = theory_propagate(&stack);
        double *work = ARENA_ARRAY(s->report->arena, double, THEORY_VARIANCE_WORK);
        report_number(s->report, "kernel_L", end.kernel.own);
        report_number(s->report, "kernel_L_pair", end.kernel.pair);
        report_number(s->report, "population", theory_population(&stack));
        report_number(s->report, "population_variance_times_width", theory_variance(&stack, work));
        report_number(s->report, "response_pair", theory_response(&stack, THEORY_PAIR));
        report_number(s->report, "response_single", theory_response(&stack, THEORY_SINGLE));
    }
    report_end(s->report);
}

static void report_jacobian(const Subject *s, const TheoryStack *stack)
{
    TheoryJacobian j = theory_jacobian(stack);
    const double decade = log(10);
    report_begin(s->report, "jacobian", "singular values of dh_L/dh_0");
    report_text(s->report, "what",
                "low and high bound all of them at the first weights, and may be far off; the root "
                "mean square is expected");
    report_named(s->report, "low", "jacobian_min >=", exp(j.log_low));
    report_named(s->report, "high", "jacobian_max <=", exp(j.log_high));
    report_named(s->report, "log10_low", "log10 jacobian_min >=", j.log_low / decade);
    report_named(s->report, "log10_high", "log10 jacobian_max <=", j.log_high / decade);
    report_number(s->report, "root_mean_square", exp(j.log_mean_square / 2));
    report_end(s->report);
}

static void report_expansion(const Subject *s, const TheoryStack *stack)
{
    static const char *const columns[] = {"order", "paths", "coherent", "incoherent"};
    static const bool numbers[] = {true, true, true, true};
    if (stack->skip != THEORY_IDENTITY || stack->scale.at || stack->scale.constant != 1) {
        return;
    }
    TheoryExpansion e = theory_expansion(stack);
    const char *cells[THEORY_ORDERS * 4];
    for (int k = 0; k < THEORY_ORDERS; k++) {
        Arena *arena = s->report->arena;
        cells[4 * k] = report_cell(arena, k);
        cells[4 * k + 1] = report_cell(arena, exp(e.log_paths[k]));
        cells[4 * k + 2] = report_cell(arena, exp(e.log_coherent[k]));
        cells[4 * k + 3] = report_cell(arena, exp(e.log_incoherent[k]));
    }
    ReportTable table = {.key = "orders",
                         .columns = columns,
                         .numbers = numbers,
                         .column_count = 4,
                         .row_count = THEORY_ORDERS,
                         .cells = cells};
    report_begin(s->report, "expansion", "sum over paths, branches of gain 1");
    report_number(s->report, "coherent_total", exp(e.log_coherent_total));
    report_number(s->report, "incoherent_total", exp(e.log_incoherent_total));
    report_number(s->report, "mean_path_length", e.mean_length);
    report_table(s->report, &table);
    report_end(s->report);
}

static void analyze_block(const Subject *s)
{
    const TheoryStack *stack = block_here(s->theory);
    double alpha = stack->branch_count > 0 && stack->branches[0].alpha.at == NULL
                       ? stack->branches[0].alpha.constant
                       : (double)NAN;
    report_begin(s->report, NULL, str_format(s->report->arena, "block %s", s->block->name));
    if (s->report->json) {
        report_text(s->report, "name", s->block->name);
    }
    report_scale(s, stack);
    report_regime(s);
    report_moments(s);
    report_field(s, alpha);
    report_jacobian(s, block_here(s->theory));
    report_expansion(s, block_here(s->theory));
    report_end(s->report);
}

void analyze_blocks(Report *report, const Model *model)
{
    BlockTheory **blocks = blocks_of(report->arena, model);
    report_begin_list(report, "blocks");
    for (uint32_t i = 0; i < model->signal->blocks.count; i++) {
        Subject subject = {report, &model->signal->blocks.items[i], blocks[i]};
        analyze_block(&subject);
    }
    report_end_list(report);
}
