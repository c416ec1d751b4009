/* SPDX-License-Identifier: Apache-2.0
 *
 * An object against the executable's own core and tables, in one program: the same bits of first
 * values, fitted means, outputs, losses, gradients and training steps.
 */
#include HEADER

#include "host.h"

#include "core/moments.h"
#include "core/program.h"

enum { BATCH = 21, STEPS = 3, SEED = 7 };

static double config[8];
static const RnCode *code;

static void choose_code(void)
{
    for (int32_t i = 0; i < rnet_program.code_count; i++)
        if (strcmp(rnet_program.codes[i].isa, M(isa)()) == 0)
            code = &rnet_program.codes[i];
    REQUIRE(code != NULL);
    for (int32_t i = 0; i < rnet_program.param_count; i++)
        config[i] = rnet_program.params[i].value;
}

/* A call of the core as the executable makes it. */
static RnCall call_of(int what, void *params, void *state, const void *x, const void *target)
{
    return (RnCall){.program = &rnet_program,
                    .code = code,
                    .config = config,
                    .params = params,
                    .state = state,
                    .x = x,
                    .target = target,
                    .batch = BATCH,
                    .what = what,
                    .loss_kind = rnet_program.train->loss.kind};
}

static void run(RnCall *call)
{
    size_t size = code->workspace_size(call);
    call->workspace = get(size);
    REQUIRE(code->run(call) == RN_OK);
    free(call->workspace);
}

typedef struct Side {
    void *params, *state, *gradient;
    REAL y[BATCH * C(OUTPUTS)];
    double loss;
} Side;

static size_t params_size, state_size;
static REAL x[BATCH * C(INPUTS)];
static REAL numbers[BATCH * C(OUTPUTS)];
static int32_t labels[BATCH];

static void open_side(Side *side)
{
    side->params = get(params_size);
    side->state = get(state_size);
    side->gradient = get(params_size);
    memset(side->params, 0, params_size); /* what lies between tensors */
    memset(side->gradient, 0, params_size);
}

static void same(const Side *a, const Side *b)
{
    REQUIRE(memcmp(a->params, b->params, params_size) == 0);
    REQUIRE(memcmp(a->state, b->state, state_size) == 0);
}

static void init(Side *ours, Side *theirs)
{
    void *workspace = get(M(workspace_size)(NULL, 1, C(INIT), 1));
    REQUIRE(M(init)(NULL, ours->params, ours->state, SEED, workspace, NULL) == C(OK));
    free(workspace);
    workspace = get(code->init_workspace_size(&rnet_program, config));
    memset(theirs->state, 0, state_size);
    ((RnState *)theirs->state)->seed = SEED;
    REQUIRE(code->init(&rnet_program, config, theirs->params, SEED, 0, workspace, NULL) == RN_OK);
    free(workspace);
    same(ours, theirs);
}

#ifdef FITS
static void fit(Side *ours, Side *theirs)
{
    double sums[2 * C(INPUTS)] = {0};
    void *workspace = get(M(workspace_size)(NULL, BATCH, C(FIT), 1));
    REQUIRE(M(fit)(NULL, ours->params, x, BATCH, workspace, NULL) == C(OK));
    free(workspace);
    RnCall call = call_of(RN_FORWARD | RN_FIT, theirs->params, NULL, x, NULL);
    call.loss_kind = RN_LOSS_NONE;
    call.fit = sums;
    run(&call);
    const int32_t tensors[] = {rnet_program.mean, rnet_program.inverse};
    for (int64_t i = 0; i < C(INPUTS); i++) {
        double values[2];
        rn_standardize_from_sums(sums[i], sums[C(INPUTS) + i], BATCH, &values[0], &values[1]);
        for (int t = 0; t < 2; t++) {
            int64_t layers;
            size_t at = code->tensor_offset(&rnet_program, config, tensors[t], &layers);
            ((REAL *)((char *)theirs->params + at))[i] = (REAL)values[t];
        }
    }
    same(ours, theirs);
}
#endif

static void forward(Side *ours, Side *theirs)
{
    void *workspace = get(M(workspace_size)(NULL, BATCH, C(FORWARD), 1));
    REQUIRE(M(forward)(NULL, ours->params, x, ours->y, BATCH, workspace, NULL) == C(OK));
    free(workspace);
    RnCall call = call_of(RN_FORWARD, theirs->params, NULL, x, NULL);
    call.loss_kind = RN_LOSS_NONE;
    call.y = theirs->y;
    run(&call);
    REQUIRE(memcmp(ours->y, theirs->y, sizeof ours->y) == 0);
}

/* One sample alone is the same as among others. */
static void forward_one(Side *ours)
{
    REAL y[C(OUTPUTS)];
    void *workspace = get(M(workspace_size)(NULL, 1, C(FORWARD), 1));
    REQUIRE(M(forward)(NULL, ours->params, x + 3 * C(INPUTS), y, 1, workspace, NULL) == C(OK));
    REQUIRE(memcmp(y, ours->y + 3 * C(OUTPUTS), sizeof y) == 0);
    free(workspace);
}

static void loss(Side *ours, Side *theirs, const void *target)
{
    void *workspace = get(M(workspace_size)(NULL, BATCH, C(LOSS), 1));
    REQUIRE(M(loss)(NULL, ours->params, x, target, BATCH, workspace, NULL, &ours->loss) == C(OK));
    free(workspace);
    RnCall call = call_of(RN_FORWARD, theirs->params, NULL, x, target);
    call.loss = &theirs->loss;
    run(&call);
    REQUIRE(memcmp(&ours->loss, &theirs->loss, sizeof ours->loss) == 0);
}

static void gradient(Side *ours, Side *theirs, const void *target, int training)
{
    void *workspace = get(M(workspace_size)(NULL, BATCH, C(GRADIENT), 1));
    REQUIRE(M(gradient)(NULL, ours->params, training ? ours->state : NULL, x, target, BATCH,
                        ours->gradient, workspace, NULL, &ours->loss) == C(OK));
    free(workspace);
    RnCall call = call_of(RN_FORWARD | RN_BACKWARD | (training ? RN_TRAINING : 0), theirs->params,
                          training ? theirs->state : NULL, x, target);
    call.gradient = theirs->gradient;
    run(&call);
    REQUIRE(memcmp(ours->gradient, theirs->gradient, params_size) == 0);
    same(ours, theirs);
}

static void step(Side *ours, Side *theirs, const void *target, double rate)
{
    RnPlace place = {.params = config, .depth = 1, .layer = 1};
    void *workspace = get(M(workspace_size)(NULL, BATCH, C(STEP), 1));
    REQUIRE(M(step)(NULL, ours->params, ours->state, x, target, BATCH, rate, workspace, NULL,
                    &ours->loss) == C(OK));
    free(workspace);
    RnCall call = call_of(RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING, theirs->params,
                          theirs->state, x, target);
    call.rate = rate != 0 ? rate : rnet_program.train->optimizer.rate(&place);
    call.loss = &theirs->loss;
    run(&call);
    same(ours, theirs);
    REQUIRE(ours->loss == theirs->loss);
}

int main(void)
{
    static Side ours, theirs;
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (REAL)next_number(&random);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers[i] = (REAL)next_number(&random);
    for (int i = 0; i < BATCH; i++)
        labels[i] = i % C(OUTPUTS);
    choose_code();
    int is_labels = rnet_program.train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    const void *target = is_labels ? (const void *)labels : (const void *)numbers;
    params_size = M(params_size)(NULL);
    state_size = M(state_size)(NULL);
    REQUIRE(params_size == code->params_size(&rnet_program, config));
    REQUIRE(state_size == code->state_size(&rnet_program, config));
    open_side(&ours);
    open_side(&theirs);
    init(&ours, &theirs);
#ifdef FITS
    fit(&ours, &theirs);
#endif
    gradient(&ours, &theirs, target, 0);
    for (int i = 0; i < STEPS; i++) {
        gradient(&ours, &theirs, target, 1);
        step(&ours, &theirs, target, i == 0 ? 0 : 0.01 * i);
    }
    REQUIRE(((RnState *)ours.state)->step == STEPS);
    forward(&ours, &theirs);
    forward_one(&ours);
    loss(&ours, &theirs, target);
    printf("%s\n", M(isa)());
    return 0;
}
