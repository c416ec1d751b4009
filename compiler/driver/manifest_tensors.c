/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of tensors: what each is, how it is drawn and trained, and where it lies in params.
 * Offsets follow the rule of runtime/core/program.h; a test compares them with the object's own.
 */
#include "driver/manifest_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Table {
    Json *json;
    const Plan *plan;
    const Graph *graph;
    const char **names;        /* of the params */
    double *params;            /* their defaults */
    int64_t real_size, offset; /* offset −1: out of range */
} Table;

static const char *expression(Table *t, const Expr *e)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return NULL;
    }
    expr_print(e, t->names, out);
    bool closed = fclose(out) == 0;
    const char *kept = closed ? str_copy(t->json->text.arena, text, length) : NULL;
    free(text);
    return kept;
}

static const Expr *depth_of(const Table *t, const Tensor *tensor)
{
    int32_t region = t->plan->tensor_region[tensor->index];
    return tensor->shared || region < 0 ? NULL : t->graph->regions.items[region].depth;
}

static double depth_here(const Table *t, const Tensor *tensor)
{
    int32_t region = t->plan->tensor_region[tensor->index];
    const Expr *depth = region < 0 ? NULL : t->graph->regions.items[region].depth;
    ExprPlace place = {.params = t->params};
    return depth != NULL ? expr_evaluate(depth, &place) : 1;
}

/* A value by formula, in the first layer at the defaults; null where there is none. */
static void put_formula(Table *t, const char *key, const Tensor *tensor, const Expr *formula)
{
    if (formula == NULL) {
        json_null(t->json, key);
        return;
    }
    ExprPlace place = {.params = t->params,
                       .depth = depth_here(t, tensor),
                       .layer = 1,
                       .fan_in = tensor->fan_in,
                       .fan_out = tensor->fan_out,
                       .base = 1};
    json_begin(t->json, key);
    json_number(t->json, "value", expr_evaluate(formula, &place));
    json_text(t->json, "expression", expression(t, formula));
    json_end(t->json);
}

static void put_law(Table *t, const Tensor *tensor)
{
    const Correlation *c = &tensor->correlation;
    json_begin(t->json, "law");
    json_text(t->json, "kind", law_name(tensor->law.kind));
    put_formula(t, "scale", tensor, tensor->law.scale);
    json_end(t->json);
    bool drawn = tensor->law.kind == RN_LAW_NORMAL || tensor->law.kind == RN_LAW_UNIFORM ||
                 tensor->law.kind == RN_LAW_ORTHOGONAL;
    if (!drawn || tensor->stack == NULL || tensor->shared) {
        json_null(t->json, "correlation");
        return;
    }
    json_begin(t->json, "correlation");
    json_text(t->json, "kind", correlation_name(c->kind));
    json_bool(t->json, "increments", c->increments);
    put_formula(t, "parameter", tensor, c->parameter);
    json_end(t->json);
}

static void put_factors(Table *t, const Tensor *tensor)
{
    if (!tensor->trainable) {
        json_null(t->json, "factors");
        return;
    }
    const Expr one = {.kind = EXPR_NUMBER, .number = 1};
    const Rules *rules = &tensor->rules;
    bool decays = tensor->role == RN_ROLE_WEIGHT;
    json_begin(t->json, "factors");
    put_formula(t, "learning_rate", tensor, rules->rate ? rules->rate : &one);
    put_formula(t, "epsilon", tensor, rules->epsilon ? rules->epsilon : &one);
    put_formula(t, "weight_decay", tensor, !decays ? NULL : rules->decay ? rules->decay : &one);
    json_end(t->json);
}

/* ORDER is_matrix() of emit/descriptor.c: these lie [in][out]. */
static bool is_transposed(const Tensor *tensor)
{
    bool filter = tensor->law.kind == RN_LAW_HAAR;
    return tensor->rank == 2 && (tensor->role == RN_ROLE_WEIGHT || filter);
}

static void put_shape(Table *t, const Tensor *tensor)
{
    int64_t strides[SHAPE_MAX];
    int64_t stride = t->real_size;
    for (int i = tensor->rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= tensor->dims[i];
    }
    if (is_transposed(tensor)) {
        strides[0] = t->real_size;
        strides[1] = t->real_size * tensor->dims[0];
    }
    json_begin_row(t->json, "shape");
    for (int i = 0; i < tensor->rank; i++) {
        json_integer(t->json, NULL, tensor->dims[i]);
    }
    json_end_row(t->json);
    json_begin_row(t->json, "strides");
    for (int i = 0; i < tensor->rank; i++) {
        json_integer(t->json, NULL, strides[i]);
    }
    json_end_row(t->json);
}

static void put_bytes(Table *t, const char *key, int64_t bytes)
{
    if (bytes < 0) {
        json_null(t->json, key);
    } else {
        json_integer(t->json, key, bytes);
    }
}

/* Where it lies; the next tensor begins at the next multiple of RN_ALIGN bytes. */
static void put_place(Table *t, const Tensor *tensor)
{
    const Expr one = {.kind = EXPR_NUMBER, .number = 1};
    const Expr *depth = depth_of(t, tensor);
    double layers = depth != NULL ? depth_here(t, tensor) : 1;
    int64_t each, bytes, end;
    bool bad = t->offset < 0 || !(layers >= 1 && layers <= 0x1p40) ||
               __builtin_mul_overflow(tensor_size(tensor), t->real_size, &each) ||
               __builtin_mul_overflow(each, (int64_t)layers, &bytes) ||
               __builtin_add_overflow(bytes, t->offset + RN_ALIGN - 1, &end);
    put_formula(t, "layers", tensor, depth != NULL ? depth : &one);
    put_bytes(t, "offset", t->offset);
    put_bytes(t, "layer_stride", bad ? -1 : each);
    put_bytes(t, "size", bad ? -1 : bytes);
    t->offset = bad ? -1 : end / RN_ALIGN * RN_ALIGN;
}

static void put_tensor(Table *t, const Tensor *tensor)
{
    int32_t region = t->plan->tensor_region[tensor->index];
    json_begin(t->json, NULL);
    json_text(t->json, "name", tensor->name);
    json_text(t->json, "role", role_name(tensor->role));
    json_text(t->json, "stack", region < 0 ? NULL : t->graph->regions.items[region].name);
    json_bool(t->json, "shared", tensor->shared);
    json_bool(t->json, "trainable", tensor->trainable);
    put_shape(t, tensor);
    put_place(t, tensor);
    put_law(t, tensor);
    put_factors(t, tensor);
    json_end(t->json);
}

void manifest_tensors(Json *json, const Plan *plan)
{
    const Graph *graph = plan->graph;
    Arena *arena = json->text.arena;
    Table t = {.json = json, .plan = plan, .graph = graph};
    t.real_size = graph->is_double ? (int64_t)sizeof(double) : (int64_t)sizeof(float);
    t.names = ARENA_ARRAY(arena, const char *, graph->param_count + 1);
    t.params = ARENA_ARRAY(arena, double, graph->param_count + 1);
    for (uint32_t i = 0; i < graph->param_count; i++) {
        t.names[i] = graph->params[i].name;
        t.params[i] = graph->params[i].value;
    }
    json_begin_list(json, "tensors");
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        put_tensor(&t, graph->tensors[i]);
    }
    json_end_list(json);
}
