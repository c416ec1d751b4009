/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds of every Model that elaborate returns. Says what is broken instead of asserting, so
 * that tests can break one thing after the other.
 */
#include "sema/model.h"

#include "support/str.h"

#include <math.h>

static const char *verify_params(const Model *model)
{
    for (uint32_t i = 0; i < model->params.count; i++) {
        const Param *param = &model->params.items[i];
        if (param->name == NULL || !isfinite(param->value)) {
            return "a param has no name or no finite default";
        }
        if (!(param->low <= param->value && param->value <= param->high)) {
            return "the default of a param is outside its range";
        }
        if (param->integer && param->value != floor(param->value)) {
            return "the default of an integer param is not an integer";
        }
    }
    return NULL;
}

static bool expr_is_sound(const Model *model, const Expr *e)
{
    if (e == NULL) {
        return true;
    }
    if (e->kind == EXPR_NUMBER && !isfinite(e->number)) {
        return false;
    }
    if (e->kind == EXPR_PARAM && (e->param < 0 || e->param >= (int)model->params.count)) {
        return false;
    }
    return expr_is_sound(model, e->a) && expr_is_sound(model, e->b);
}

static const char *verify_tensor(const Model *model, const Tensor *tensor, int index)
{
    if (tensor->name == NULL || tensor->index != index) {
        return "a tensor has no name or a wrong index";
    }
    if (tensor->rank < 0 || tensor->rank > SHAPE_MAX) {
        return "a tensor has an impossible rank";
    }
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 1) {
            return "a tensor has a size below 1";
        }
    }
    bool scaled = tensor->law.kind >= RN_LAW_CONSTANT && tensor->law.kind <= RN_LAW_FORMULA;
    if (scaled != (tensor->law.scale != NULL) || !expr_is_sound(model, tensor->law.scale)) {
        return "a law has no scale, or one too many";
    }
    if (tensor->role == RN_ROLE_WEIGHT && !(tensor->fan_in >= 1 && tensor->fan_out >= 1)) {
        return "a weight has no fans";
    }
    if (tensor->trainable && tensor->role > RN_ROLE_ALPHA) {
        return "a tensor is trained that cannot be";
    }
    if (tensor->shared && tensor->stack == NULL) {
        return "a tensor outside stacks is shared";
    }
    return NULL;
}

static const char *verify_tensors(const Model *model)
{
    const char *broken = NULL;
    for (uint32_t i = 0; broken == NULL && i < model->tensors.count; i++) {
        broken = verify_tensor(model, model->tensors.items[i], (int)i);
    }
    return broken;
}

static bool same_shape(const Shape *a, const Shape *b)
{
    if (a->rank != b->rank) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] != b->dim[i]) {
            return false;
        }
    }
    return true;
}

static bool shape_is_known(const Shape *shape)
{
    bool known = shape->rank >= 1 && shape->rank <= SHAPE_MAX;
    for (int i = 0; known && i < shape->rank; i++) {
        known = shape->dim[i] >= 1;
    }
    return known;
}

static const char *verify_layer(const Model *model, const Layer *layer);

static const char *verify_children(const Model *model, const Layer *layer)
{
    const Shape *shape = &layer->in;
    const Layer *last = NULL;
    for (const Layer *child = layer->first; child != NULL; child = child->next) {
        const char *broken = verify_layer(model, child);
        if (broken != NULL) {
            return broken;
        }
        if (!same_shape(&child->in, shape)) {
            return "a layer does not take what the one before it gives";
        }
        shape = layer->kind == LAYER_SEQ ? &child->out : shape;
        last = child;
    }
    return last == NULL || !same_shape(&last->out, &layer->out)
               ? "a composition does not give what its layers give"
               : NULL;
}

static const char *verify_layer(const Model *model, const Layer *layer)
{
    if (layer->kind <= LAYER_NONE || layer->kind >= LAYER_KIND_COUNT) {
        return "a layer has no kind";
    }
    if (!shape_is_known(&layer->in) || !shape_is_known(&layer->out)) {
        return "a layer has no shape";
    }
    if (layer->kind == LAYER_DENSE && layer->tensors[0] == NULL) {
        return "a dense layer has no weight";
    }
    if (layer->kind == LAYER_SCALE && (layer->scale_tensor == NULL || layer->scale == NULL)) {
        return "a scaled layer has no scale";
    }
    for (int i = 0; i < 4; i++) {
        const Tensor *tensor = layer->tensors[i];
        if (tensor != NULL && (tensor->index >= (int)model->tensors.count ||
                               model->tensors.items[tensor->index] != tensor)) {
            return "a layer has a tensor that is not the model's";
        }
    }
    bool composed =
        layer->kind == LAYER_SEQ || layer->kind == LAYER_SUM || layer->kind == LAYER_SCALE;
    return composed ? verify_children(model, layer) : NULL;
}

static const char *verify_branch(const Model *model, const Stack *stack, const Branch *branch)
{
    if (branch->layer == NULL || branch->value == NULL) {
        return "a branch has no layer or no alpha";
    }
    if (branch->learned != (branch->alpha != NULL && branch->alpha->role == RN_ROLE_ALPHA)) {
        return "a learned alpha has no tensor of its own";
    }
    const char *broken = verify_layer(model, branch->layer);
    if (broken == NULL && branch->post != NULL) {
        broken = verify_layer(model, branch->post);
    }
    if (broken == NULL && (!same_shape(&branch->layer->in, &stack->shape) ||
                           !same_shape(&branch->layer->out, &stack->shape) ||
                           (branch->post && !same_shape(&branch->post->out, &stack->shape)))) {
        broken = "a branch does not keep the shape of the state";
    }
    return broken;
}

static const char *verify_skip(const Stack *stack)
{
    const Skip *skip = &stack->skip;
    bool filtered =
        skip->kind == SKIP_HAAR || skip->kind == SKIP_HOUSEHOLDER || skip->kind == SKIP_HADAMARD;
    if (filtered != (skip->filter != NULL) || (skip->kind == SKIP_DENSE) != (skip->dense != NULL)) {
        return "a skip path has no filter, or one too many";
    }
    return stack->branches.count > 1 && skip->kind != SKIP_IDENTITY
               ? "several branches without the identity skip"
               : NULL;
}

static const char *verify_stacks(const Model *model)
{
    for (uint32_t i = 0; i < model->stacks.count; i++) {
        const Stack *stack = model->stacks.items[i];
        if (stack->index != (int)i || stack->depth == NULL || stack->branches.count == 0) {
            return "a stack has no depth, no branch or a wrong index";
        }
        const char *broken = verify_skip(stack);
        for (uint32_t j = 0; broken == NULL && j < stack->branches.count; j++) {
            broken = verify_branch(model, stack, &stack->branches.items[j]);
        }
        if (broken != NULL) {
            return broken;
        }
    }
    return NULL;
}

static const char *verify_items(const Model *model)
{
    const Shape *shape = &model->input;
    for (uint32_t i = 0; i < model->items.count; i++) {
        const Item *item = &model->items.items[i];
        if ((item->layer == NULL) == (item->stack == NULL)) {
            return "an item is a layer or a stack";
        }
        const char *broken = item->layer ? verify_layer(model, item->layer) : NULL;
        if (broken != NULL) {
            return broken;
        }
        if (!same_shape(item->layer ? &item->layer->in : &item->stack->shape, shape)) {
            return "an item does not take what the one before it gives";
        }
        shape = item->layer ? &item->layer->out : shape;
    }
    return model->items.count == 0 || !same_shape(shape, &model->output)
               ? "the output is not what the last item gives"
               : NULL;
}

static const char *verify_train(const Train *train)
{
    if (train == NULL) {
        return NULL;
    }
    const Optimizer *o = &train->optimizer;
    bool complete = train->batch && train->epochs && train->seed && o->rate && o->momentum &&
                    o->beta1 && o->beta2 && o->epsilon && o->decay && train->schedule.warmup;
    return complete && train->data.kind != RN_DATA_NONE && train->loss.kind != RN_LOSS_NONE
               ? NULL
               : "a setting of train is not filled in";
}

const char *model_verify(const Model *model)
{
    if (model->name == NULL || !shape_is_known(&model->input) || !shape_is_known(&model->output)) {
        return "the model has no name, no input or no output";
    }
    const char *broken = verify_params(model);
    broken = broken ? broken : verify_tensors(model);
    broken = broken ? broken : verify_items(model);
    broken = broken ? broken : verify_stacks(model);
    return broken ? broken : verify_train(model->train);
}
