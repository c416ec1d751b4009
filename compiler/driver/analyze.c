/* SPDX-License-Identifier: Apache-2.0
 *
 * The report's head, and the scaling of each group of parameters.
 */
#include "driver/analyze.h"

#include "driver/block.h"

#include <math.h>

typedef struct Groups {
    Report *report;
    const Model *model;
    const double *params;
    VEC(const char *) cells;
} Groups;

static void add_cell(Groups *g, const char *cell)
{
    vec_push(g->report->arena, &g->cells, cell);
}

static void add_number(Groups *g, double value)
{
    add_cell(g, report_cell(g->report->arena, value));
}

static const char *shape_of(Groups *g, const Tensor *tensor)
{
    Text text = {.arena = g->report->arena};
    text_append(&text, "[");
    double layers = 1;
    if (tensor->stack != NULL && !tensor->shared) {
        Expr depth = {.kind = EXPR_DEPTH};
        layers = model_value(g->model, g->params, &depth, tensor, 1);
        text_append(&text, "%.0f", layers);
    }
    for (int i = 0; i < tensor->rank; i++) {
        bool first = i == 0 && (tensor->stack == NULL || tensor->shared);
        text_append(&text, "%s%lld", first ? "" : ", ", (long long)tensor->dims[i]);
    }
    text_append(&text, "]");
    return text.data;
}

/* The scale of the branch that a tensor belongs to, in its first layer. */
static double multiplier(Groups *g, const Tensor *tensor, BlockTheory **blocks)
{
    for (uint32_t i = 0; i < g->model->signal->blocks.count; i++) {
        const SignalBlock *block = &g->model->signal->blocks.items[i];
        for (uint32_t j = 0; j < block->branches.count; j++) {
            const SignalBranch *branch = &block->branches.items[j];
            for (uint32_t k = 0; k < branch->ops.count; k++) {
                const SignalOp *op = &branch->ops.items[k];
                if (op->weight == tensor || op->bias == tensor) {
                    return theory_at(&block_here(blocks[i])->branches[j].alpha, 1);
                }
            }
        }
    }
    return NAN;
}

static double factor(Groups *g, const Tensor *tensor, const Expr *rule)
{
    return rule ? model_value(g->model, g->params, rule, tensor, 1) : 1;
}

static void add_group(Groups *g, const Tensor *tensor, BlockTheory **blocks)
{
    Arena *arena = g->report->arena;
    const Correlation *c = &tensor->correlation;
    const Expr *scale = tensor->law.scale;
    add_cell(g, tensor->name);
    add_cell(g, role_name(tensor->role));
    add_cell(g, shape_of(g, tensor));
    add_cell(g, law_name(tensor->law.kind));
    add_number(g, scale ? model_value(g->model, g->params, scale, tensor, 1) : (double)NAN);
    const char *along = tensor->shared ? "tied" : correlation_name(c->kind);
    if (c->parameter != NULL) {
        along = str_format(arena, "%s(%g)%s", along,
                           model_value(g->model, g->params, c->parameter, tensor, 1),
                           c->increments ? " increments" : "");
    }
    add_cell(g, tensor->stack ? along : NULL);
    add_number(g, multiplier(g, tensor, blocks));
    bool trained = tensor->trainable;
    add_number(g, trained ? factor(g, tensor, tensor->rules.rate) : (double)NAN);
    add_number(g, trained ? factor(g, tensor, tensor->rules.epsilon) : (double)NAN);
}

static void analyze_groups(Report *report, const Model *model)
{
    static const char *const columns[] = {"name",       "role",        "shape",
                                          "law",        "first_scale", "correlation",
                                          "multiplier", "lr_factor",   "epsilon_factor"};
    static const bool numbers[] = {false, false, false, false, true, false, true, true, true};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    Groups g = {.report = report, .model = model};
    g.params = model_defaults(report->arena, model);
    BlockTheory **blocks = blocks_of(report->arena, model);
    for (uint32_t i = 0; i < model->tensors.count; i++) {
        add_group(&g, model->tensors.items[i], blocks);
    }
    ReportTable table = {.key = "groups",
                         .columns = columns,
                         .numbers = numbers,
                         .column_count = COLUMNS,
                         .row_count = model->tensors.count,
                         .cells = g.cells.items};
    report_table(report, &table);
}

static void analyze_params(Report *report, const Model *model)
{
    if (model->params.count == 0) {
        return;
    }
    report_begin(report, "params", "params");
    for (uint32_t i = 0; i < model->params.count; i++) {
        report_number(report, model->params.items[i].name, model->params.items[i].value);
    }
    report_end(report);
}

void analyze(Arena *arena, const Model *model, const Plan *plan, bool json, FILE *out)
{
    Report report = report_open(arena, out, json);
    report_text(&report, "model", model->name);
    report_text(&report, "precision", model->is_double ? "float64" : "float32");
    analyze_params(&report, model);
    analyze_groups(&report, model);
    analyze_blocks(&report, model);
    analyze_cost(&report, model, plan);
    report_close(&report);
}
