/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from the values of the params: depths, sizes, formulas of the tensors.
 */
#include "network.h"

#include <stdlib.h>
#include <string.h>

bool oracle_set_param(Oracle *o, const char *name, double value)
{
    for (int i = 0; i < o->param_count; i++) {
        if (strcmp(o->params[i].name, name) == 0) {
            o->params[i].value = value;
            return true;
        }
    }
    return false;
}

FormulaPlace place_of(const Oracle *o, const NetTensor *t, long layer)
{
    return (FormulaPlace){.params = o->params,
                          .param_count = o->param_count,
                          .depth = t->stack >= 0 ? (double)o->stacks[t->stack].depth : 1,
                          .layer = (double)(layer + 1),
                          .fan_in = t->fan_in,
                          .fan_out = t->fan_out};
}

static void make_room(Oracle *o, NetTensor *t)
{
    t->info.layers = t->stack >= 0 && !t->shared ? o->stacks[t->stack].depth : 1;
    t->info.normalised = t->info.trainable && strcmp(o->optimizer.kind, "sgd") != 0;
    size_t count = (size_t)(t->info.layers * t->info.size);
    t->value = oracle_allocate(count, sizeof *t->value);
    t->sums = oracle_allocate(count, sizeof *t->sums);
    t->gradient = oracle_allocate(count, sizeof *t->gradient);
    t->after = oracle_allocate(count, sizeof *t->after);
    for (int m = 0; m < ORACLE_MOMENTS; m++) {
        t->moments[m] = oracle_allocate(count, sizeof *t->moments[m]);
    }
}

void oracle_prepare(Oracle *o)
{
    FormulaPlace place = {.params = o->params, .param_count = o->param_count};
    for (int i = 0; i < o->stack_count; i++) {
        o->stacks[i].depth = (long)formula_evaluate(o->stacks[i].depth_formula, &place);
    }
    for (int t = 0; t < o->tensor_count; t++) {
        make_room(o, &o->tensors[t]);
    }
}

static const Node *find_node(const Node *node, NodeKind kind)
{
    for (; node != NULL; node = node->next) {
        const Node *found = node->kind == kind ? node : find_node(node->first, kind);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static const Node *find_anywhere(const Oracle *o, NodeKind kind)
{
    const Node *found = NULL;
    for (int i = 0; i < o->item_count && found == NULL; i++) {
        found = find_node(o->items[i].node, kind);
    }
    for (int s = 0; s < o->stack_count; s++) {
        for (int b = 0; b < o->stacks[s].branch_count && found == NULL; b++) {
            found = find_node(o->stacks[s].branches[b].layer, kind);
            found = found ? found : find_node(o->stacks[s].branches[b].post, kind);
        }
    }
    return found;
}

bool oracle_standardize(const Oracle *o, int *mean, int *inverse)
{
    const Node *node = find_anywhere(o, NODE_STANDARDIZE);
    if (node != NULL) {
        *mean = node->tensors[0];
        *inverse = node->tensors[1];
    }
    return node != NULL;
}

bool oracle_has_batchnorm(const Oracle *o)
{
    return find_anywhere(o, NODE_BATCHNORM) != NULL;
}

double oracle_formula(const Oracle *o, int tensor, long layer)
{
    const NetTensor *t = &o->tensors[tensor];
    FormulaPlace place = place_of(o, t, layer);
    return t->scale ? formula_evaluate(t->scale, &place) : 0;
}

double oracle_deviation(const Oracle *o, int tensor, long layer)
{
    const char *law = o->tensors[tensor].info.law;
    bool drawn = strcmp(law, "normal") == 0 || strcmp(law, "uniform") == 0;
    return drawn ? oracle_formula(o, tensor, layer) : -1;
}

static void free_node(Node *node)
{
    while (node != NULL) {
        Node *next = node->next;
        free_node(node->first);
        free(node);
        node = next;
    }
}

static void free_tensor(NetTensor *t)
{
    char *texts[] = {(char *)t->info.name,
                     (char *)t->info.role,
                     (char *)t->info.law,
                     t->scale,
                     t->rate,
                     t->epsilon,
                     t->decay};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(texts[i]);
    }
    free(t->value);
    free(t->sums);
    free(t->gradient);
    free(t->after);
    free(t->moments[0]);
    free(t->moments[1]);
}

static void free_stack(Stack *stack)
{
    free(stack->name);
    free(stack->depth_formula);
    free_node(stack->skip_dense);
    for (int i = 0; i < stack->branch_count; i++) {
        free_node(stack->branches[i].layer);
        free_node(stack->branches[i].post);
    }
}

static void free_optimizer(OptimizerSpec *spec)
{
    char *texts[] = {spec->rate,  spec->momentum, spec->beta1, spec->beta2,  spec->epsilon,
                     spec->decay, spec->clip,     spec->every, spec->factor, spec->warmup};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(texts[i]);
    }
}

void oracle_free(Oracle *o)
{
    pool_clear(&o->pool);
    for (int i = 0; i < o->param_count; i++) {
        free(o->params[i].name);
    }
    for (int i = 0; i < o->tensor_count; i++) {
        free_tensor(&o->tensors[i]);
    }
    for (int i = 0; i < o->stack_count; i++) {
        free_stack(&o->stacks[i]);
    }
    for (int i = 0; i < o->item_count; i++) {
        free_node(o->items[i].node);
    }
    free_optimizer(&o->optimizer);
    free(o->params);
    free(o->tensors);
    free(o);
}
