/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables that theory reads: the network's chain of layers, and its blocks (core/signal.h).
 */
#include "emit/record.h"

static bool by_layer(const Expr *e)
{
    return e != NULL && expr_uses(e, EXPR_LAYER);
}

static int32_t index_of(const Tensor *tensor)
{
    return tensor ? tensor->index : -1;
}

/* A tensor's number, a block's, or the length of a sum's first term. */
static int32_t weight_field(const SignalOp *op)
{
    if (op->kind == RN_SIGNAL_SUM) {
        return (int32_t)op->first;
    }
    return op->kind == RN_SIGNAL_BLOCK ? op->block : index_of(op->weight);
}

static LLVMValueRef op_record(Tables *t, const SignalOp *op)
{
    Record r = record_open(t->e, "RnSignalOp");
    bool varies = by_layer(op->scale) || (op->weight && by_layer(op->weight->law.scale)) ||
                  (op->bias && by_layer(op->bias->law.scale));
    record_i32(&r, op->kind);
    record_i32(&r, op->activation);
    record_i32(&r, weight_field(op));
    record_i32(&r, op->kind == RN_SIGNAL_SUM ? (int32_t)op->rest : index_of(op->bias));
    record_double(&r, op->slope);
    record_formula(&r, t, op->scale);
    record_i32(&r, varies);
    record_i32(&r, 0);
    return record_close(&r);
}

typedef VEC(LLVMValueRef) Values;

static void add_chain(Tables *t, const SignalChain *chain, Values *values)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        vec_push(t->e->arena, values, op_record(t, &chain->items[i]));
    }
}

static LLVMValueRef branch_record(Tables *t, const SignalBranch *branch, uint32_t first)
{
    bool found = branch->optimal != RN_OPTIMAL_NONE;
    Record r = record_open(t->e, "RnSignalBranch");
    record_i32(&r, first);
    record_i32(&r, branch->ops.count);
    record_i32(&r, index_of(branch->alpha));
    record_i32(&r, branch->learned);
    record_i32(&r, branch->optimal);
    record_i32(&r, by_layer(branch->value));
    record_formula(&r, t, branch->value);
    record_formula(&r, t, found ? branch->norm : NULL);
    record_formula(&r, t, found ? branch->overlap : NULL);
    return record_close(&r);
}

static LLVMValueRef block_record(Tables *t, const SignalBlock *block, uint32_t first)
{
    const Expr *depth = block->depth;
    Record r = record_open(t->e, "RnSignalBlock");
    record_i32(&r, graph_region_of(t->e->graph, block->stack));
    record_i32(&r, block->skip);
    record_i32(&r, first);
    record_i32(&r, block->branches.count);
    record_i32(&r, block->post);
    record_i32(&r, block->expect);
    record_i32(&r, index_of(block->skip_matrix));
    record_i32(&r, depth->kind == EXPR_PARAM ? depth->param : -1);
    record_i32(&r, by_layer(block->scale));
    record_i32(&r, 0);
    record_double(&r, block->width);
    record_formula(&r, t, block->scale);
    return record_close(&r);
}

static LLVMValueRef table_of(Tables *t, const char *struct_name, Values *values, const char *name)
{
    LLVMTypeRef type = record_open(t->e, struct_name).type;
    return e_array(t->e, type, values->items, values->count, name);
}

LLVMValueRef emit_signal(Tables *t)
{
    const Signal *signal = t->e->graph->signal;
    Values chain = {0}, ops = {0}, branches = {0}, blocks = {0};
    add_chain(t, &signal->chain, &chain);
    for (uint32_t i = 0; i < signal->blocks.count; i++) {
        const SignalBlock *block = &signal->blocks.items[i];
        vec_push(t->e->arena, &blocks, block_record(t, block, branches.count));
        for (uint32_t j = 0; j < block->branches.count; j++) {
            const SignalBranch *branch = &block->branches.items[j];
            vec_push(t->e->arena, &branches, branch_record(t, branch, ops.count));
            add_chain(t, &branch->ops, &ops);
        }
    }
    Record r = record_open(t->e, "RnSignal");
    record_i32(&r, chain.count);
    record_i32(&r, blocks.count);
    record_put(&r, table_of(t, "RnSignalOp", &chain, "chain"));
    record_put(&r, table_of(t, "RnSignalOp", &ops, "signal_ops"));
    record_put(&r, table_of(t, "RnSignalBranch", &branches, "signal_branches"));
    record_put(&r, table_of(t, "RnSignalBlock", &blocks, "signal_blocks"));
    return e_constant(t->e, record_close(&r), "signal");
}
