/* SPDX-License-Identifier: Apache-2.0
 *
 * The small network: its code and its buffers.
 */
#include "small_net.h"

typedef struct Add {
    const real *w, *bias, *state;
    real *out;
    int64_t width;
} Add;

/* out = value (+ bias) (+ state) */
static void finish(const void *context, int64_t row, int64_t lane, const vreal *value)
{
    const Add *add = context;
    vreal sum = *value;
    if (add->bias)
        sum = sum + add->bias[row];
    if (add->state)
        sum = sum + *(const vreal *)(add->state + row * add->width + lane);
    *(vreal *)(add->out + row * add->width + lane) = sum;
}

static const struct Shape {
    int64_t tensor, in, out;
    int residual;
} SHAPES[] = {{FIRST, IN, WIDE, 0}, {WEIGHT, WIDE, WIDE, 1}, {LAST, WIDE, OUT, 0}};

static const RnkAhead NOTHING_AHEAD;

static void forward(const RnPass *pass, const RnTile *tile, int64_t region, int64_t from,
                    int64_t to)
{
    const struct Shape *s = &SHAPES[region];
    for (int64_t k = from; k < to; k++) {
        const real *x = rnk_state(pass, tile, region, k);
        Add add = {.width = rnk_width(tile), .out = rnk_next(pass, tile, region, k)};
        add.bias = s->residual ? rnk_tensor(pass, BIAS, k, 0) : NULL;
        add.state = s->residual ? x : NULL;
        rnk_dense(tile, rnk_tensor(pass, s->tensor, k, s->in * s->out), s->out, s->in, x, add.width,
                  &NOTHING_AHEAD, finish, NULL, &add, NULL, NULL);
    }
}

static void backward(const RnPass *pass, const RnTile *tile, int64_t region, int64_t from,
                     int64_t to)
{
    const struct Shape *s = &SHAPES[region];
    for (int64_t k = to - 1; k >= from; k--) {
        const real *d = rnk_gradient_in(tile, to - 1 - k);
        Add add = {.width = rnk_width(tile), .out = rnk_gradient_out(tile, to - 1 - k)};
        add.state = s->residual ? d : NULL;
        if (rn_wants_tensors(pass->call))
            rnk_transpose(tile, d, s->out, add.width, rnk_delta(pass, region, k), s->out, 0);
        rnk_dense_back(tile, rnk_tensor(pass, s->tensor, k, s->in * s->out), s->out, s->in, d,
                       add.width, &NOTHING_AHEAD, finish, NULL, &add, NULL, NULL, NULL);
    }
}

static void gradient(const RnPass *pass, int64_t region, int64_t k)
{
    const struct Shape *s = &SHAPES[region];
    rnk_weight_gradient(
        pass, s->tensor, k, s->in, s->out, 1, rnk_state(pass, rnk_first_tile(pass), region, k),
        rnk_state_stride(pass, region, k), rnk_delta(pass, region, k), s->out, 0, 0, 1, 0, NULL,
        rnk_state(pass, rnk_first_tile(pass), region, k + 1), rnk_delta(pass, region, k + 1));
}

#define REGION(n)                                                                                  \
    static void forward_##n(const RnPass *p, const RnTile *t, int64_t from, int64_t to)            \
    {                                                                                              \
        forward(p, t, n, from, to);                                                                \
    }                                                                                              \
    static void backward_##n(const RnPass *p, const RnTile *t, int64_t from, int64_t to)           \
    {                                                                                              \
        backward(p, t, n, from, to);                                                               \
    }                                                                                              \
    static void gradient_##n(const RnPass *p, int64_t layer)                                       \
    {                                                                                              \
        gradient(p, n, layer);                                                                     \
    }
REGION(0)
REGION(1)
REGION(2)

static void shared_1(const RnPass *pass, int64_t from, int64_t to)
{
    for (int64_t k = to - 1; k >= from; k--)
        rnk_row_gradient(pass, rnk_tensor_gradient(pass, BIAS, k, 0), WIDE, 1,
                         rnk_delta(pass, 1, k), WIDE, 0, 1, 1);
}

static double depth_of(const RnPlace *place)
{
    return place->params[0];
}
double tenth(const RnPlace *place)
{
    (void)place;
    return 0.1;
}
double nine_tenths(const RnPlace *place)
{
    (void)place;
    return 0.9;
}
static double half_base(const RnPlace *place)
{
    return place->base / 2;
}

static const RnRegion REGIONS[] = {
    {.in_rows = IN, .out_rows = WIDE, .delta_reals = WIDE, .keeps_states = 1, .trained = 1},
    {.depth = depth_of,
     .in_rows = WIDE,
     .out_rows = WIDE,
     .delta_reals = WIDE,
     .keeps_states = 1,
     .trained = 1,
     .trained_shared = 1},
    {.in_rows = WIDE, .out_rows = OUT, .delta_reals = OUT, .keeps_states = 1, .trained = 1}};

const RnTensor TABLE[TENSORS] = {
    {.role = RN_ROLE_WEIGHT, .region = 0, .trainable = 1, .size = IN * WIDE},
    {.role = RN_ROLE_WEIGHT, .region = 1, .trainable = 1, .size = WIDE * WIDE, .rate = half_base},
    {.role = RN_ROLE_BIAS, .region = 1, .shared = 1, .trainable = 1, .size = WIDE},
    {.role = RN_ROLE_WEIGHT, .region = 2, .trainable = 1, .size = WIDE * OUT}};

static const RnRegionCode CODES[] = {{forward_0, backward_0, NULL, gradient_0, NULL, NULL},
                                     {forward_1, backward_1, NULL, gradient_1, shared_1, NULL},
                                     {forward_2, backward_2, NULL, gradient_2, NULL, NULL}};

void open_net(Net *net, int what, int loss)
{
    *net = (Net){.code = {.regions = CODES}, .config = DEEP};
    net->program = (RnProgram){.tensor_count = TENSORS,
                               .region_count = 3,
                               .tensors = TABLE,
                               .regions = REGIONS,
                               .train = &net->train};
    net->train.optimizer = (RnOptimizer){
        .kind = RN_OPTIMIZER_ADAM, .beta1 = nine_tenths, .beta2 = nine_tenths, .epsilon = tenth};
    net->call = (RnCall){.program = &net->program,
                         .code = &net->code,
                         .config = &net->config,
                         .loss = &net->loss,
                         .batch = BATCH,
                         .what = what,
                         .loss_kind = loss,
                         .trace_region = 1,
                         .rate = 0.25};
    for (int s = 0; s < BATCH; s++)
        net->labels[s] = s * 7 % OUT;
}

void fill_net(Net *net)
{
    RnCall *call = &net->call;
    size_t unit = sizeof(real);
    net->params = (int64_t)(rn_params_size(&net->program, &net->config) / unit);
    net->state = (int64_t)(rn_state_size(&net->program, &net->config) / unit);
    size_t work = rn_workspace_size(call);
    assert_true(net->params && net->state && work && work % unit == 0);
    net->work = (int64_t)(work / unit);
    call->params = make_reals(net->params, 1);
    call->state = make_reals(net->state, 2);
    memset(call->state, 0, (size_t)net->state * unit);
    call->gradient = make_reals(net->params, 3);
    memset(call->gradient, 0, (size_t)net->params * unit);
    call->workspace = make_reals(net->work, 4);
    call->x = make_reals(BATCH * IN, 5);
    call->y = make_reals(BATCH * OUT, 6);
    call->losses = make_reals(BATCH, 7);
    call->projection = make_reals(OUT, 8);
    call->target =
        call->loss_kind == RN_LOSS_CROSS_ENTROPY ? (void *)net->labels : make_reals(BATCH * OUT, 9);
}

void close_net(Net *net)
{
    RnCall *call = &net->call;
    drop_reals(call->params, net->params), drop_reals(call->state, net->state);
    drop_reals(call->gradient, net->params), drop_reals(call->workspace, net->work);
    drop_reals((real *)call->x, BATCH * IN), drop_reals(call->y, BATCH * OUT);
    drop_reals(call->losses, BATCH), drop_reals((real *)call->projection, OUT);
    if (call->loss_kind != RN_LOSS_CROSS_ENTROPY)
        drop_reals((real *)call->target, BATCH * OUT);
}
