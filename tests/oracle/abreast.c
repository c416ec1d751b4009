/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces: of the ends of a block alone, which keeps fewer states than a trace of every layer, and
 * of several networks in one pass, which differ in scalars. Both must have the bits of a trace of
 * every layer of one network, and powers of two beside what stays in its reals are 0.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NETWORKS = 3,
    WHOLE = RN_FORWARD | RN_BACKWARD | RN_TRACE,
    ENDS = RN_FORWARD | RN_BACKWARD | RN_STATES_ONLY | RN_TRACE | RN_TRACE_ENDS
};

static void *take(size_t size)
{
    void *memory = aligned_alloc(RN_ALIGN, (size + RN_ALIGN) / RN_ALIGN * RN_ALIGN);
    if (memory == NULL) {
        exit(2);
    }
    /* nothing may be read that was not written */
    return memset(memory, 0xff, size);
}

typedef struct Traced {
    Harness *h;
    int32_t region;
    int64_t depth;
    void *params[NETWORKS]; /* the harness's, with scalars of each network's own */
    const void **own;       /* [NETWORKS][tensors] these scalars there */
    double *wanted[NETWORKS];
    int64_t *powers; /* room for those of all networks */
} Traced;

static size_t trace_size(const Traced *t, int64_t batch)
{
    return RN_TRACE_ROWS * (size_t)((t->depth + 1) * batch) * sizeof(double);
}

static RnCall call_of(const Traced *t, int32_t what, void *params, double *trace)
{
    const Product *p = &t->h->product;
    return (RnCall){.program = p->program,
                    .code = p->code,
                    .config = p->config,
                    .params = params,
                    .x = p->x,
                    .target = p->target,
                    .batch = p->batch,
                    .what = what,
                    .loss_kind = p->loss_kind,
                    .trace_region = t->region,
                    .trace = trace,
                    .trace_powers = what == ENDS ? t->powers : NULL,
                    .look = 8};
}

static int run(const Traced *t, RnCall *call)
{
    size_t size = t->h->product.code->workspace_size(call);
    call->workspace = take(size);
    int status = size == 0 ? RN_BAD_CONFIG : t->h->product.code->run(call);
    free(call->workspace);
    return status;
}

/* The samples of one network, from `first` of a trace of `batch` samples. */
static void require_ends(const Traced *t, int network, const double *got, int64_t batch,
                         int64_t first, const char *what)
{
    int64_t each = t->h->product.batch;
    bool same = true;
    for (int64_t row = 0; row < RN_TRACE_ROWS; row++) {
        for (int64_t k = 0; k <= t->depth; k += t->depth) {
            int64_t at = row * (t->depth + 1) + k;
            same = same && memcmp(got + at * batch + first, t->wanted[network] + at * each,
                                  (size_t)each * sizeof *got) == 0;
            for (int64_t s = 0; s < each; s++) {
                same = same && t->powers[at * batch + first + s] == 0;
            }
        }
    }
    compare_require(&t->h->comparison, same, "other bits at the ends of a trace", what);
}

static bool may_differ(const RnTensor *tensor)
{
    return rn_may_differ((RnRole)tensor->role, tensor->rank, tensor->absolute);
}

/* Scalars that follow from params become smaller from network to network. */
static void make_network(Traced *t, int network)
{
    Product *p = &t->h->product;
    t->params[network] = product_copy(p->params, p->params_size);
    for (int i = 0; i < p->program->tensor_count; i++) {
        int64_t layers;
        char *at =
            (char *)t->params[network] + p->code->tensor_offset(p->program, p->config, i, &layers);
        for (int64_t k = 0; k < layers && may_differ(&p->program->tensors[i]); k++) {
            if (p->program->real_size == 4) {
                ((float *)at)[k] /= (float)(network + 1);
            } else {
                ((double *)at)[k] /= network + 1;
            }
            t->own[network * p->program->tensor_count + i] = at;
        }
    }
    t->wanted[network] = take(trace_size(t, p->batch));
    RnCall call = call_of(t, WHOLE, t->params[network], t->wanted[network]);
    compare_require(&t->h->comparison, run(t, &call) == RN_OK, "refused", "a trace");
    compare_require(&t->h->comparison, isfinite(t->wanted[network][0]), "not filled", "a trace");
}

static char *repeated(const void *memory, size_t size)
{
    char *copies = take(NETWORKS * size);
    for (size_t i = 0; i < NETWORKS; i++) {
        memcpy(copies + i * size, memory, size);
    }
    return copies;
}

static void check_networks(const Traced *t)
{
    const Product *p = &t->h->product;
    size_t real = (size_t)p->program->real_size, batch = (size_t)p->batch;
    double *trace = take(trace_size(t, NETWORKS * p->batch));
    RnCall call = call_of(t, ENDS, p->params, trace);
    char *x = repeated(p->x, batch * real * (size_t)product_input_size(p->program));
    bool labels = p->loss_kind == RN_LOSS_CROSS_ENTROPY;
    char *target =
        repeated(p->target, labels ? batch * sizeof(int32_t)
                                   : batch * real * (size_t)product_output_size(p->program));
    call.batch = NETWORKS * p->batch;
    call.networks = NETWORKS;
    call.own = t->own;
    call.x = x;
    call.target = target;
    compare_require(&t->h->comparison, run(t, &call) == RN_OK, "refused", "networks in one pass");
    for (int i = 0; i < NETWORKS; i++) {
        require_ends(t, i, trace, call.batch, i * p->batch, "networks in one pass");
    }
    call.batch--;
    compare_require(&t->h->comparison, run(t, &call) == RN_BAD_CONFIG, "not refused",
                    "an uneven batch");
    call.batch++;
    call.what &= ~RN_STATES_ONLY;
    compare_require(&t->h->comparison, run(t, &call) == RN_BAD_CONFIG, "not refused",
                    "gradients of tensors of several networks");
    free(trace);
    free(x);
    free(target);
}

static void check_ends(const Traced *t)
{
    double *trace = take(trace_size(t, t->h->product.batch));
    RnCall call = call_of(t, ENDS, t->params[0], trace);
    compare_require(&t->h->comparison, run(t, &call) == RN_OK, "refused", "a trace of ends");
    require_ends(t, 0, trace, t->h->product.batch, 0, "ends alone");
    free(trace);
}

void check_traces(Harness *h)
{
    const RnProgram *program = h->product.program;
    RnPlace place = {.params = h->product.config};
    make_batch(h, 0);
    product_set_inputs(&h->product, h->x, h->target);
    for (int32_t r = 0; r < program->region_count; r++) {
        if (program->regions[r].depth == NULL) {
            continue;
        }
        Traced t = {h, r, (int64_t)program->regions[r].depth(&place), {0}, NULL, {0}, NULL};
        t.powers = take(trace_size(&t, NETWORKS * h->product.batch));
        t.own = calloc(NETWORKS * (size_t)program->tensor_count + 1, sizeof *t.own);
        for (int i = 0; t.own != NULL && i < NETWORKS; i++) {
            make_network(&t, i);
        }
        check_ends(&t);
        check_networks(&t);
        for (int i = 0; i < NETWORKS; i++) {
            free(t.params[i]);
            free(t.wanted[i]);
        }
        free(t.own);
        free(t.powers);
    }
}
