/* SPDX-License-Identifier: Apache-2.0
 *
 * One shape rule a layer: from the input's shape and the arguments to the output's. A rule that
 * fails has said what it got, what it wanted, and where the shape comes from.
 */
#include "sema/context.h"

#include "support/size.h"

bool shape_equal(const Shape *a, const Shape *b)
{
    bool equal = a->rank == b->rank;
    for (int i = 0; equal && i < a->rank; i++) {
        equal = a->dim[i] == b->dim[i];
    }
    return equal;
}

const char *shape_text(Arena *arena, const Shape *shape)
{
    Text text = {.arena = arena};
    text_append(&text, "[");
    for (int i = 0; i < shape->rank; i++) {
        text_append(&text, "%s%lld", i > 0 ? ", " : "", (long long)shape->dim[i]);
    }
    text_append(&text, "]");
    return text.data;
}

/* The layer that gave the output its shape: the last of a chain that changed it. */
const Layer *shape_source(const Layer *layer)
{
    while (layer->kind == LAYER_SEQ || layer->kind == LAYER_SCALE) {
        const Layer *source = layer->first;
        for (const Layer *child = layer->first; child != NULL; child = child->next) {
            bool keeps = child->kind != LAYER_DENSE && shape_equal(&child->in, &child->out);
            source = keeps ? source : child;
        }
        if (source == NULL) {
            break;
        }
        layer = source;
    }
    return layer;
}

/* The bytes of one sample, in doubles, within 63 bits. */
bool shape_check_size(Context *ctx, const Shape *shape, Span span)
{
    int64_t bytes = 8;
    for (int i = 0; i < shape->rank; i++) {
        if (!int_mul(bytes, shape->dim[i], &bytes)) {
            diag_report(ctx->diag, E_SIZE_OVERFLOW, span,
                        "the shape %s has more entries than memory can hold",
                        shape_text(ctx->arena, shape));
            return false;
        }
    }
    return true;
}

typedef struct Rule {
    Context *ctx;
    Layer *layer;
    const Ast *ast;
    const Ast *const *values;
    Span origin;
} Rule;

static bool wants(const Rule *rule, const char *wanted)
{
    const Layer *layer = rule->layer;
    Diag *d = diag_report(rule->ctx->diag, E_SHAPE_RANK, layer->span,
                          "`%s` wants %s, but its input has the shape %s", rule->ast->text, wanted,
                          shape_text(rule->ctx->arena, &layer->in));
    if (rule->origin.end > 0) {
        diag_label(rule->ctx->diag, d, rule->origin, "the shape comes from here");
    }
    return false;
}

static bool size_argument(const Rule *rule, int index, const char *name, int64_t otherwise,
                          int64_t *value)
{
    *value = otherwise;
    if (rule->values[index] == NULL) {
        return true;
    }
    const char *what = str_format(rule->ctx->arena, "%s of `%s`", name, rule->ast->text);
    return eval_size(rule->ctx, rule->values[index], what, 1, value);
}

static bool dense_shape(const Rule *rule)
{
    Layer *layer = rule->layer;
    int64_t width;
    bool good = size_argument(rule, 0, "the width", 1, &width);
    if (!good || layer->in.rank == 0) {
        if (good) { /* the width is known all the same: recurrent blocks ask for it */
            layer->out = (Shape){1, {width}};
        }
        return good;
    }
    layer->out = layer->in;
    layer->out.dim[layer->in.rank - 1] = width;
    Shape weight = {2, {width, layer->in.dim[layer->in.rank - 1]}};
    return shape_check_size(rule->ctx, &weight, layer->span);
}

static bool flatten_shape(const Rule *rule)
{
    if (!shape_check_size(rule->ctx, &rule->layer->in, rule->layer->span)) {
        return false;
    }
    rule->layer->out = (Shape){1, {shape_size(&rule->layer->in)}};
    return true;
}

static bool reshape_shape(const Rule *rule)
{
    Shape shape = {0};
    for (const Ast *dim = rule->ast->first; dim != NULL; dim = dim->next) {
        if (shape.rank == SHAPE_MAX) {
            diag_report(rule->ctx->diag, E_SHAPE_RANK, dim->span,
                        "a shape has at most %d dimensions", SHAPE_MAX);
            return false;
        }
        if (!eval_size(rule->ctx, dim, "a size of `reshape`", 1, &shape.dim[shape.rank])) {
            return false;
        }
        shape.rank++;
    }
    if (!shape_check_size(rule->ctx, &shape, rule->layer->span)) {
        return false;
    }
    const Shape *in = &rule->layer->in;
    if (shape.rank == 0 || (in->rank > 0 && shape_size(&shape) != shape_size(in))) {
        Diag *d = diag_report(rule->ctx->diag, E_RESHAPE, rule->layer->span,
                              "`reshape` to %s has %lld entries, but its input %s has %lld",
                              shape_text(rule->ctx->arena, &shape),
                              shape.rank ? (long long)shape_size(&shape) : 0,
                              shape_text(rule->ctx->arena, in), (long long)shape_size(in));
        if (rule->origin.end > 0) {
            diag_label(rule->ctx->diag, d, rule->origin, "the input comes from here");
        }
        return false;
    }
    rule->layer->out = shape;
    return true;
}

/* Images are [channels, height, width], or [height, width] for one channel. */
static bool image_shape(const Rule *rule, Shape *image)
{
    *image = rule->layer->in;
    if (image->rank == 2) {
        *image = (Shape){3, {1, rule->layer->in.dim[0], rule->layer->in.dim[1]}};
    }
    return image->rank == 3 || wants(rule, "an image [channels, height, width]");
}

static bool read_pad(const Rule *rule, bool *same, int64_t *pad)
{
    const Ast *value = rule->values[3];
    *same = value == NULL || (value->kind == AST_NAME && str_equal(value->text, "same"));
    *pad = 0;
    return *same || eval_size(rule->ctx, value, "`pad` of `conv`", 0, pad);
}

static bool too_small(const Rule *rule, const Shape *image, int64_t kernel)
{
    diag_report(rule->ctx->diag, E_SHAPE_MISMATCH, rule->layer->span,
                "a window of %lld by %lld does not fit into an image of %lld by %lld",
                (long long)kernel, (long long)kernel, (long long)image->dim[1],
                (long long)image->dim[2]);
    return false;
}

static bool conv_shape(const Rule *rule)
{
    int64_t channels, kernel, stride, pad;
    bool same;
    if (!size_argument(rule, 0, "the channels", 1, &channels) ||
        !size_argument(rule, 1, "the kernel", 1, &kernel) ||
        !size_argument(rule, 2, "the stride", 1, &stride) || !read_pad(rule, &same, &pad)) {
        return false;
    }
    Shape image;
    if (rule->layer->in.rank == 0 || !image_shape(rule, &image)) {
        return rule->layer->in.rank == 0;
    }
    rule->layer->out = (Shape){3, {channels}};
    for (int i = 1; i < 3; i++) {
        int64_t extent;
        if (!int_mul(pad, 2, &extent) || !int_add(image.dim[i], extent, &extent) ||
            (!same && extent < kernel)) {
            return too_small(rule, &image, kernel);
        }
        rule->layer->out.dim[i] =
            same ? 1 + (image.dim[i] - 1) / stride : 1 + (extent - kernel) / stride;
    }
    return true;
}

static bool pool_shape(const Rule *rule)
{
    int64_t k;
    Shape image;
    if (!size_argument(rule, 0, "the window", 1, &k) || !image_shape(rule, &image)) {
        return false;
    }
    if (image.dim[1] < k || image.dim[2] < k) {
        return too_small(rule, &image, k);
    }
    rule->layer->out = (Shape){3, {image.dim[0], image.dim[1] / k, image.dim[2] / k}};
    return true;
}

static bool globalpool_shape(const Rule *rule)
{
    Shape image;
    if (!image_shape(rule, &image)) {
        return false;
    }
    rule->layer->out = (Shape){1, {image.dim[0]}};
    return true;
}

static bool sequence_input(const Rule *rule)
{
    return rule->layer->in.rank == 2 || wants(rule, "a sequence [steps, features]");
}

static bool recurrent_layer_shape(const Rule *rule)
{
    int64_t width;
    if (!size_argument(rule, 0, "the width", 1, &width) || !sequence_input(rule)) {
        return false;
    }
    rule->layer->out = (Shape){2, {rule->layer->in.dim[0], width}};
    return true;
}

static bool reduced_sequence_shape(const Rule *rule)
{
    if (!sequence_input(rule)) {
        return false;
    }
    rule->layer->out = (Shape){1, {rule->layer->in.dim[1]}};
    return true;
}

static bool attention_shape(const Rule *rule)
{
    int64_t heads;
    bool causal;
    if (!size_argument(rule, 0, "`heads`", 1, &heads) || !sequence_input(rule) ||
        (rule->values[1] && !eval_bool(rule->ctx, rule->values[1], "`causal`", &causal))) {
        return false;
    }
    int64_t width = rule->layer->in.dim[1];
    if (width % heads != 0) {
        diag_report(rule->ctx->diag, E_SHAPE_MISMATCH, rule->layer->span,
                    "%lld features cannot be divided among %lld heads", (long long)width,
                    (long long)heads);
        return false;
    }
    rule->layer->out = rule->layer->in;
    return true;
}

static bool embedding_shape(const Rule *rule)
{
    int64_t vocabulary, width;
    if (!size_argument(rule, 0, "the vocabulary", 1, &vocabulary) ||
        !size_argument(rule, 1, "the width", 1, &width)) {
        return false;
    }
    if (rule->layer->in.rank != 1) {
        return wants(rule, "a sequence of numbers [steps]");
    }
    rule->layer->out = (Shape){2, {rule->layer->in.dim[0], width}};
    return true;
}

static bool dropout_shape(const Rule *rule)
{
    rule->layer->out = rule->layer->in;
    const Expr *e = eval_ranged(rule->ctx, rule->values[0], 0, "the probability of `dropout`",
                                (Range){0, 1, false, true});
    if (e != NULL) {
        rule->layer->number = e->number;
    }
    return e != NULL;
}

static bool apply_rule(const Rule *rule)
{
    switch (rule->layer->kind) {
    case LAYER_FLATTEN:
        return flatten_shape(rule);
    case LAYER_MAXPOOL:
    case LAYER_AVGPOOL:
        return pool_shape(rule);
    case LAYER_GLOBALPOOL:
        return globalpool_shape(rule);
    case LAYER_ATTENTION:
        return attention_shape(rule);
    case LAYER_EMBEDDING:
        return embedding_shape(rule);
    case LAYER_POSITION:
        rule->layer->out = rule->layer->in;
        return sequence_input(rule);
    case LAYER_LAST:
    case LAYER_MEAN:
        return reduced_sequence_shape(rule);
    case LAYER_LSTM:
    case LAYER_GRU:
        return recurrent_layer_shape(rule);
    default: /* norms, standardize, permute: any shape, kept */
        rule->layer->out = rule->layer->in;
        return true;
    }
}

/* True with an output of rank 0 where the input is unknown: silence. */
bool layer_shape(Context *ctx, Layer *layer, const Ast *ast, const Ast *const *values, Span origin)
{
    Rule rule = {ctx, layer, ast, values, origin};
    switch (layer->kind) {
    case LAYER_DENSE:
        return dense_shape(&rule);
    case LAYER_CONV:
        return conv_shape(&rule);
    case LAYER_RESHAPE:
        return reshape_shape(&rule);
    case LAYER_DROPOUT:
        return dropout_shape(&rule);
    default:
        return layer->in.rank == 0 || apply_rule(&rule);
    }
}
