/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory and calls of a compiled network, by the contract of core/program.h alone.
 */
#include "product.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, int status)
{
    fprintf(stderr, "harness: %s (%d)\n", what, status);
    exit(2);
}

static void *take(size_t size)
{
    size_t whole = (size + RN_ALIGN) / RN_ALIGN * RN_ALIGN;
    void *memory = aligned_alloc(RN_ALIGN, whole);
    if (memory == NULL) {
        stop("out of memory", 0);
    }
    memset(memory, 0, whole);
    return memory;
}

void *product_copy(const void *memory, size_t size)
{
    return memcpy(take(size), memory, size);
}

static long shape_size(const int64_t *shape, int32_t rank)
{
    long size = 1;
    for (int32_t i = 0; i < rank; i++) {
        size *= (long)shape[i];
    }
    return size;
}

long product_input_size(const RnProgram *program)
{
    return shape_size(program->input_shape, program->input_rank);
}

long product_output_size(const RnProgram *program)
{
    return shape_size(program->output_shape, program->output_rank);
}

static RnCall call_of(const Product *p, int what, double rate)
{
    bool fits = (what & RN_FIT) != 0;
    return (RnCall){.program = p->program,
                    .code = p->code,
                    .config = p->config,
                    .params = p->params,
                    .state = p->state,
                    .x = p->x,
                    .target = fits ? NULL : p->target,
                    .y = p->y,
                    .losses = p->losses,
                    .gradient = p->gradient,
                    .fit = p->fit,
                    .batch = p->batch,
                    .what = what,
                    .loss_kind = fits ? RN_LOSS_NONE : p->loss_kind,
                    .parallel = p->parallel,
                    .rate = rate};
}

void product_open(Product *p, const RnProgram *program, const RnCode *code, const double *config,
                  long batch)
{
    size_t real = (size_t)program->real_size;
    size_t in = (size_t)product_input_size(program), out = (size_t)product_output_size(program);
    *p = (Product){.program = program,
                   .code = code,
                   .config = config,
                   .batch = batch,
                   .fill = 0xff,
                   .loss_kind = program->train->loss.kind};
    p->params_size = code->params_size(program, config);
    p->state_size = code->state_size(program, config);
    if (p->params_size == 0 || p->state_size == 0) {
        stop("a size is refused", RN_BAD_CONFIG);
    }
    p->moments = (int)((p->state_size - sizeof(RnState)) / p->params_size);
    p->params = take(p->params_size);
    p->state = take(p->state_size);
    p->gradient = take(p->params_size);
    p->x = take((size_t)batch * in * real);
    p->y = take((size_t)batch * out * real);
    p->losses = take((size_t)batch * real);
    p->target = take((size_t)batch * out * real);
    p->fit = take(2 * in * sizeof(double));
}

void product_close(Product *p)
{
    void *memory[] = {p->params, p->state,  p->gradient, p->workspace, p->x,
                      p->y,      p->losses, p->target,   p->fit};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        free(memory[i]);
    }
}

/* Filled before each use: nothing may be read that was not written. */
static void *workspace(Product *p, size_t size)
{
    if (size > p->workspace_size) {
        free(p->workspace);
        p->workspace = take(size);
        p->workspace_size = size;
    }
    memset(p->workspace, p->fill, p->workspace_size);
    return p->workspace;
}

void product_init(Product *p, uint64_t seed)
{
    size_t size = p->code->init_workspace_size(p->program, p->config);
    memset(p->state, 0, p->state_size);
    ((RnState *)p->state)->seed = seed;
    int status =
        p->code->init(p->program, p->config, p->params, seed, 0, workspace(p, size), p->parallel);
    if (size == 0 || status != RN_OK) {
        stop("init failed", status);
    }
}

void product_run(Product *p, int what, double rate)
{
    RnCall call = call_of(p, what, rate);
    size_t size = p->code->workspace_size(&call);
    if (size == 0) {
        stop("the workspace's size is refused", RN_BAD_CONFIG);
    }
    call.workspace = workspace(p, size);
    call.loss = &p->loss;
    int status = p->code->run(&call);
    if (status != RN_OK) {
        stop("run failed", status);
    }
}

double product_real(const Product *p, const void *reals, long index)
{
    return p->program->real_size == 4 ? (double)((const float *)reals)[index]
                                      : ((const double *)reals)[index];
}

static void set_real(const Product *p, void *reals, long index, double value)
{
    if (p->program->real_size == 4) {
        ((float *)reals)[index] = (float)value;
    } else {
        ((double *)reals)[index] = value;
    }
}

void product_set_inputs(Product *p, double *x, double *target)
{
    long in = product_input_size(p->program), out = product_output_size(p->program);
    for (long i = 0; i < p->batch * in; i++) {
        set_real(p, p->x, i, x[i]);
        x[i] = product_real(p, p->x, i);
    }
    if (p->loss_kind == RN_LOSS_CROSS_ENTROPY) {
        for (long i = 0; i < p->batch; i++) {
            ((int32_t *)p->target)[i] = (int32_t)target[i];
        }
        return;
    }
    for (long i = 0; i < p->batch * out; i++) {
        set_real(p, p->target, i, target[i]);
        target[i] = product_real(p, p->target, i);
    }
}

/* Where the tensor starts, in reals. */
static long start_of(const Product *p, int tensor)
{
    int64_t count;
    size_t bytes = p->code->tensor_offset(p->program, p->config, tensor, &count);
    return (long)(bytes / (size_t)p->program->real_size);
}

long product_layers(const Product *p, int tensor)
{
    int64_t count;
    p->code->tensor_offset(p->program, p->config, tensor, &count);
    return (long)count;
}

/* Place in memory of the index-th number in checkpoint order: [out, in] is kept [in][out]. */
static long place_of(const RnTensor *tensor, long index)
{
    long size = (long)tensor->size;
    if (!tensor->matrix) {
        return index;
    }
    long out = (long)tensor->dims[0], in = size / out;
    long layer = index / size, row = index % size / in, column = index % in;
    return layer * size + column * out + row;
}

void product_read(const Product *p, const void *memory, int tensor, double *values)
{
    const RnTensor *t = &p->program->tensors[tensor];
    long start = start_of(p, tensor), count = product_layers(p, tensor) * (long)t->size;
    for (long i = 0; i < count; i++) {
        values[i] = product_real(p, memory, start + place_of(t, i));
    }
}

void product_write(Product *p, int tensor, const double *values)
{
    const RnTensor *t = &p->program->tensors[tensor];
    long start = start_of(p, tensor), count = product_layers(p, tensor) * (long)t->size;
    for (long i = 0; i < count; i++) {
        set_real(p, p->params, start + place_of(t, i), values[i]);
    }
}

const void *product_moment(const Product *p, int moment)
{
    if (moment >= p->moments) {
        return NULL;
    }
    return (const char *)p->state + sizeof(RnState) + (size_t)moment * p->params_size;
}
