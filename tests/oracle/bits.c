/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be equal to the last bit: other threads, other contents of the workspace, another order
 * of the samples, and the instruction sets that have fused multiply-adds.
 */
#include "harness.h"

#include "lib/isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UPDATES = 3 };

/* Items in descending order: as good as threads for showing that order decides nothing. The core
 * prepares for three. */
static void run_backwards(void *pool, int64_t count, void (*body)(void *context, int64_t index),
                          void *context)
{
    (void)pool;
    for (int64_t i = count - 1; i >= 0; i--) {
        body(context, i);
    }
}

static const RnParallel backwards = {.run = run_backwards, .threads = 3};

typedef struct Result {
    Product product; /* holds outputs, gradient, and what the updates made */
    void *trained_y;
    size_t y_size;
} Result;

/* From the same start: inference, gradients, updates. */
static Result result_of(Harness *h, const RnCode *code, unsigned char fill,
                        const RnParallel *parallel)
{
    Result r = {.y_size = (size_t)(h->batch * oracle_output_size(h->oracle)) *
                          (size_t)h->product.program->real_size};
    product_open(&r.product, h->product.program, code, h->config, h->batch);
    r.product.fill = fill;
    r.product.parallel = parallel;
    memcpy(r.product.params, h->product.params, r.product.params_size);
    product_set_inputs(&r.product, h->x, h->target);
    int far = parallel != NULL ? RN_FAR : 0; /* decides where values are made */
    for (int i = 0; i < UPDATES; i++) {
        product_run(&r.product, RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING | far, 0.01);
    }
    r.trained_y = product_copy(r.product.y, r.y_size);
    product_run(&r.product, RN_FORWARD | RN_BACKWARD | RN_TRAINING | far, 0);
    product_run(&r.product, RN_FORWARD, 0);
    return r;
}

static void release(Result *r)
{
    product_close(&r->product);
    free(r->trained_y);
}

static bool same(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static void require_equal(Harness *h, const Result *a, const Result *b, const char *what)
{
    Comparison *c = &h->comparison;
    const Product *p = &a->product, *q = &b->product;
    compare_require(c, same(p->y, q->y, a->y_size), "other bits in outputs", what);
    compare_require(c, same(a->trained_y, b->trained_y, a->y_size),
                    "other bits in outputs of training", what);
    compare_require(c, same(p->gradient, q->gradient, p->params_size), "other bits in gradients",
                    what);
    compare_require(c, same(p->params, q->params, p->params_size), "other bits in params", what);
    compare_require(c, same(p->state, q->state, p->state_size), "other bits in the state", what);
}

static bool has_fma(const RnCode *code)
{
    return strcmp(code->isa, "baseline") != 0;
}

static void check_codes(Harness *h, const Result *first)
{
    const RnProgram *program = h->product.program;
    for (int32_t i = 0; i < program->code_count; i++) {
        const RnCode *code = &program->codes[i];
        if (code == h->product.code || !has_fma(code) || !has_fma(h->product.code) ||
            !rt_isa_available(code->isa)) {
            continue;
        }
        Result r = result_of(h, code, 0xff, NULL);
        require_equal(h, first, &r, code->isa);
        release(&r);
    }
}

/* The draws are equal on every machine, with and without fused multiply-adds. */
static void check_draws(Harness *h)
{
    const RnProgram *program = h->product.program;
    Product first;
    product_open(&first, program, h->product.code, h->config, h->batch);
    product_init(&first, h->seed);
    for (int32_t i = 0; i < program->code_count; i++) {
        const RnCode *code = &program->codes[i];
        if (rt_isa_available(code->isa)) {
            Product other;
            product_open(&other, program, code, h->config, h->batch);
            other.parallel = &backwards;
            product_init(&other, h->seed);
            compare_require(&h->comparison, same(first.params, other.params, first.params_size),
                            "other bits in the draws", code->isa);
            product_close(&other);
        }
    }
    product_close(&first);
}

void check_samples(Harness *h)
{
    long in = oracle_input_size(h->oracle), out = oracle_output_size(h->oracle);
    size_t real_size = (size_t)h->product.program->real_size, row = (size_t)out * real_size;
    Product single;
    product_open(&single, h->product.program, h->product.code, h->config, 1);
    memcpy(single.params, h->product.params, single.params_size);
    product_run(&h->product, RN_FORWARD, 0);
    char *all = product_copy(h->product.y, (size_t)h->batch * row);
    char *losses = product_copy(h->product.losses, (size_t)h->batch * real_size);
    for (long s = 0; s < h->batch; s++) {
        product_set_inputs(&single, h->x + s * in,
                           h->target + (oracle_is_classifier(h->oracle) ? s : s * out));
        product_run(&single, RN_FORWARD, 0);
        compare_require(&h->comparison, same(single.y, all + (size_t)s * row, row),
                        "other bits for a sample alone", "outputs");
        compare_require(&h->comparison,
                        same(single.losses, losses + (size_t)s * real_size, real_size),
                        "other bits for a sample alone", "losses");
    }
    product_close(&single);
    free(all);
    free(losses);
}

static void check_reversed(Harness *h)
{
    long in = oracle_input_size(h->oracle), out = oracle_output_size(h->oracle);
    size_t row = (size_t)out * (size_t)h->product.program->real_size;
    size_t size = (size_t)(h->batch * in) * sizeof(double);
    double *x = malloc(size);
    product_run(&h->product, RN_FORWARD, 0);
    char *all = product_copy(h->product.y, (size_t)h->batch * row);
    for (long s = 0; x != NULL && s < h->batch; s++) {
        memcpy(x + s * in, h->x + (h->batch - 1 - s) * in, (size_t)in * sizeof *x);
    }
    product_set_inputs(&h->product, x, h->target);
    product_run(&h->product, RN_FORWARD, 0);
    for (long s = 0; s < h->batch; s++) {
        const char *got = (const char *)h->product.y + (size_t)s * row;
        compare_require(&h->comparison, same(got, all + (size_t)(h->batch - 1 - s) * row, row),
                        "other bits in another order of the batch", "outputs");
    }
    product_set_inputs(&h->product, h->x, h->target);
    free(x);
    free(all);
}

void check_bits(Harness *h)
{
    make_batch(h, 0);
    Result first = result_of(h, h->product.code, 0xff, NULL);
    Result zeros = result_of(h, h->product.code, 0, NULL);
    Result reverse = result_of(h, h->product.code, 0xff, &backwards);
    require_equal(h, &first, &zeros, "a workspace of zeros");
    require_equal(h, &first, &reverse, "tiles and layers in descending order");
    check_codes(h, &first);
    check_samples(h);
    check_reversed(h);
    check_draws(h);
    release(&first);
    release(&zeros);
    release(&reverse);
}
