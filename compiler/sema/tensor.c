/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors: made where their layer is met, named when the whole network is known, since an ordinal
 * stands only where a block has several unlabelled layers of one kind.
 */
#include "sema/context.h"

static const char *const kind_names[] = {
    "",
#define L(tag, name, arguments, supported) name,
#include "sema/layer.def"
#undef L
};

Scope *add_scope(Context *ctx, const char *block, Stack *stack)
{
    Scope *scope = ARENA_NEW(ctx->arena, Scope);
    scope->block = block;
    scope->stack = stack;
    vec_push(ctx->arena, &ctx->scopes, scope);
    return scope;
}

Tensor *add_tensor(Context *ctx, Scope *scope, Layer *layer, const char *part, RnRole role)
{
    Tensor *tensor = ARENA_NEW(ctx->arena, Tensor);
    tensor->role = role;
    tensor->stack = scope->stack;
    tensor->span = layer ? layer->span : (Span){0, 0};
    tensor->trainable = role <= RN_ROLE_ALPHA;
    tensor->index = (int)ctx->model->tensors.count;
    vec_push(ctx->arena, &ctx->model->tensors, tensor);
    TensorNote note = {.part = part, .layer = layer};
    vec_push(ctx->arena, &ctx->notes, note);
    ctx->trained_seen |= tensor->trainable;
    return tensor;
}

void set_dims(Tensor *tensor, int rank, const int64_t *dims)
{
    tensor->rank = rank;
    memcpy(tensor->dims, dims, (size_t)rank * sizeof *dims);
}

static Tensor *layer_tensor(Context *ctx, Scope *scope, Layer *layer, int slot, const char *part,
                            RnRole role)
{
    Tensor *tensor = add_tensor(ctx, scope, layer, part, role);
    layer->tensors[slot] = tensor;
    return tensor;
}

static void fill(Context *ctx, Tensor *tensor, double value)
{
    tensor->law =
        value == 0 ? (Law){RN_LAW_ZEROS, NULL} : (Law){RN_LAW_CONSTANT, number_at(ctx, value)};
}

static void create_dense(Context *ctx, Scope *scope, Layer *layer, bool bias)
{
    int64_t dims[2] = {layer->out.dim[layer->out.rank - 1], layer->in.dim[layer->in.rank - 1]};
    Tensor *weight = layer_tensor(ctx, scope, layer, 0, "weight", RN_ROLE_WEIGHT);
    set_dims(weight, 2, dims);
    weight->fan_in = (double)dims[1];
    weight->fan_out = (double)dims[0];
    default_law(ctx, weight);
    if (bias) {
        Tensor *tensor = layer_tensor(ctx, scope, layer, 1, "bias", RN_ROLE_BIAS);
        set_dims(tensor, 1, dims);
        tensor->fan_in = weight->fan_in;
        tensor->fan_out = weight->fan_out;
        fill(ctx, tensor, 0);
    }
}

/* Norms keep one entry a feature: the last axis, or the channel of an image under batchnorm. */
static void create_norm(Context *ctx, Scope *scope, Layer *layer)
{
    bool batch = layer->kind == LAYER_BATCHNORM;
    int axis = batch && layer->in.rank == 3 ? 0 : layer->in.rank - 1;
    int count = batch ? 4 : layer->kind == LAYER_LAYERNORM ? 2 : 1;
    static const char *const parts[] = {"gain", "bias", "mean", "variance"};
    static const RnRole roles[] = {RN_ROLE_GAIN, RN_ROLE_BIAS, RN_ROLE_BUFFER, RN_ROLE_BUFFER};
    for (int i = 0; i < count; i++) {
        Tensor *tensor = layer_tensor(ctx, scope, layer, i, parts[i], roles[i]);
        set_dims(tensor, 1, &layer->in.dim[axis]);
        fill(ctx, tensor, i == 0 || i == 3 ? 1 : 0);
    }
}

static void create_standardize(Context *ctx, Scope *scope, Layer *layer)
{
    static const char *const parts[] = {"mean", "inverse"};
    for (int i = 0; i < 2; i++) {
        Tensor *tensor = layer_tensor(ctx, scope, layer, i, parts[i], RN_ROLE_BUFFER);
        set_dims(tensor, layer->in.rank, layer->in.dim);
        fill(ctx, tensor, i);
    }
}

static void create_permutation(Context *ctx, Scope *scope, Layer *layer)
{
    int64_t size = shape_size(&layer->in);
    Tensor *tensor = layer_tensor(ctx, scope, layer, 0, "index", RN_ROLE_DERIVED);
    set_dims(tensor, 1, &size);
    tensor->law = (Law){RN_LAW_PERMUTATION, NULL};
}

void create_tensors(Context *ctx, Scope *scope, Layer *layer, bool bias)
{
    if (layer->in.rank == 0 || layer->out.rank == 0) {
        return;
    }
    switch (layer->kind) {
    case LAYER_DENSE:
        create_dense(ctx, scope, layer, bias);
        break;
    case LAYER_LAYERNORM:
    case LAYER_RMSNORM:
    case LAYER_BATCHNORM:
        create_norm(ctx, scope, layer);
        break;
    case LAYER_STANDARDIZE:
        create_standardize(ctx, scope, layer);
        break;
    case LAYER_PERMUTE:
        create_permutation(ctx, scope, layer);
        break;
    default:
        break;
    }
}

/* "dense", or "dense2" where the scope has several without a label. */
static const char *layer_stem(Context *ctx, const Layer *layer, const int *totals, int *seen)
{
    if (layer->label != NULL) {
        return layer->label;
    }
    int ordinal = ++seen[layer->kind];
    return totals[layer->kind] == 1
               ? kind_names[layer->kind]
               : str_format(ctx->arena, "%s%d", kind_names[layer->kind], ordinal);
}

static const char *prefixed(Context *ctx, const Scope *scope, const char *name)
{
    return scope->block ? str_format(ctx->arena, "%s.%s", scope->block, name) : name;
}

static void name_scope(Context *ctx, Scope *scope)
{
    int totals[LAYER_KIND_COUNT] = {0}, seen[LAYER_KIND_COUNT] = {0};
    for (uint32_t i = 0; i < scope->layers.count; i++) {
        totals[scope->layers.items[i]->kind] += scope->layers.items[i]->label == NULL;
    }
    for (uint32_t i = 0; i < scope->layers.count; i++) {
        Layer *layer = scope->layers.items[i];
        const char *stem = prefixed(ctx, scope, layer_stem(ctx, layer, totals, seen));
        layer->stream = layer->kind == LAYER_DROPOUT ? stem : NULL;
        for (int j = 0; j < 4 && layer->tensors[j] != NULL; j++) {
            const char *part = ctx->notes.items[layer->tensors[j]->index].part;
            layer->tensors[j]->name = str_format(ctx->arena, "%s.%s", stem, part);
        }
    }
}

static void name_block_tensors(Context *ctx)
{
    for (uint32_t i = 0; i < ctx->model->tensors.count; i++) {
        Tensor *tensor = ctx->model->tensors.items[i];
        const TensorNote *note = &ctx->notes.items[i];
        if (tensor->name == NULL) {
            tensor->name = tensor->stack
                               ? str_format(ctx->arena, "%s.%s", tensor->stack->name, note->part)
                               : note->part;
        }
    }
}

static void check_unique(Context *ctx)
{
    for (uint32_t i = 0; i < ctx->model->tensors.count; i++) {
        const Tensor *tensor = ctx->model->tensors.items[i];
        if (names_add(ctx->arena, &ctx->tensor_names, tensor->name, (int)i)) {
            continue;
        }
        int other = names_find(&ctx->tensor_names, tensor->name);
        Diag *d = diag_report(ctx->diag, E_TENSOR_NAME, tensor->span,
                              "two tensors would be called `%s`", tensor->name);
        diag_label(ctx->diag, d, ctx->model->tensors.items[other]->span, "the other one");
        diag_hint(ctx->diag, d, "choose another label");
    }
}

void name_everything(Context *ctx)
{
    for (uint32_t i = 0; i < ctx->scopes.count; i++) {
        name_scope(ctx, ctx->scopes.items[i]);
    }
    name_block_tensors(ctx);
    check_unique(ctx);
}
