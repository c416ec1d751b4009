/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are not finite, wherever they stand in a batch, are answered before anything is
 * learned from them; and params that a network does not take leave params and state as they were.
 */
#include HEADER

#include "host.h"

#include <math.h>

enum { BATCH = 9 }; /* no multiple of what is looked at in one go */

#ifdef LABELS
typedef int32_t Target;
enum { TARGETS = BATCH };
#else
typedef REAL Target;
enum { TARGETS = BATCH * C(OUTPUTS) };
#endif

/* What nobody may change, and what it was. */
typedef struct Kept {
    unsigned char *now, *before;
    size_t size;
} Kept;

static REAL x[BATCH * C(INPUTS)];
static Target target[TARGETS];
static void *workspace, *gradient;
static Kept params, state;

static void keep(Kept *kept, size_t size)
{
    *kept = (Kept){get(size), get(size), size};
}

static void remember(void)
{
    memcpy(params.before, params.now, params.size);
    memcpy(state.before, state.now, state.size);
}

static int same(const Kept *kept)
{
    return memcmp(kept->now, kept->before, kept->size) == 0;
}

static void open_network(void)
{
    const int purposes[] = {C(INIT), C(STEP), C(GRADIENT), C(LOSS), C(LOAD),
#ifdef FITS
                            C(FIT)
#endif
    };
    size_t most = 0;
    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++) {
        size_t size = M(workspace_size)(NULL, BATCH, purposes[i], 1);
        most = size > most ? size : most;
    }
    workspace = get(most);
    gradient = get(M(params_size)(NULL));
    keep(&params, M(params_size)(NULL));
    keep(&state, M(state_size)(NULL));
    uint64_t random = 3;
    for (int i = 0; i < BATCH * C(INPUTS); i++)
        x[i] = (REAL)next_number(&random);
    for (int i = 0; i < TARGETS; i++)
        target[i] = (Target)next_number(&random);
    REQUIRE(M(init)(NULL, params.now, state.now, 1, workspace, NULL) == C(OK));
}

static int step(double *loss)
{
    return M(step)(NULL, params.now, state.now, x, target, BATCH, 0, workspace, NULL, loss);
}

/* All functions refuse the batch as it is now. */
static void refused(void)
{
    double loss = 0;
    remember();
    REQUIRE(M(loss)(NULL, params.now, x, target, BATCH, workspace, NULL, &loss) == C(NOT_FINITE));
    REQUIRE(isnan(loss));
    REQUIRE(M(loss)(NULL, params.now, x, target, BATCH, workspace, NULL, NULL) == C(NOT_FINITE));
    memset(gradient, 0x5a, params.size);
    REQUIRE(M(gradient)(NULL, params.now, state.now, x, target, BATCH, gradient, workspace, NULL,
                        &loss) == C(NOT_FINITE));
    for (size_t i = 0; i < params.size; i++)
        REQUIRE(((unsigned char *)gradient)[i] == 0x5a);
    loss = 0;
    REQUIRE(step(&loss) == C(NOT_FINITE) && isnan(loss));
    REQUIRE(step(NULL) == C(NOT_FINITE));
    REQUIRE(same(&params) && same(&state));
}

static void bad_numbers(void)
{
    const REAL bad[] = {(REAL)NAN, -(REAL)NAN, (REAL)INFINITY, -(REAL)INFINITY};
    for (int kind = 0; kind < 4; kind++) {
        for (int i = 0; i < BATCH * C(INPUTS); i++) {
            REAL good = x[i];
            x[i] = bad[kind];
            refused();
#ifdef FITS
            REQUIRE(M(fit)(NULL, params.now, x, BATCH, workspace, NULL) == C(NOT_FINITE));
            REQUIRE(same(&params));
#endif
            x[i] = good;
        }
#ifndef LABELS
        for (int i = 0; i < TARGETS; i++) {
            Target good = target[i];
            target[i] = bad[kind];
            refused();
            target[i] = good;
        }
#endif
    }
}

/* Every byte is written, zeros where nothing is trained: two gradients over other memory agree. */
static void whole_gradient(void)
{
    char *other = get(params.size);
    memset(gradient, 0x5a, params.size);
    memset(other, 0xff, params.size);
    REQUIRE(M(gradient)(NULL, params.now, state.now, x, target, BATCH, gradient, workspace, NULL,
                        NULL) == C(OK));
    REQUIRE(M(gradient)(NULL, params.now, state.now, x, target, BATCH, other, workspace, NULL,
                        NULL) == C(OK));
    REQUIRE(memcmp(gradient, other, params.size) == 0);
    free(other);
}

/* As small as they get, numbers are numbers. */
static void good_numbers(void)
{
    double loss;
    REAL good = x[0];
#ifdef FITS
    REQUIRE(M(fit)(NULL, params.now, x, BATCH, workspace, NULL) == C(OK));
#endif
    x[0] = sizeof(REAL) == 4 ? (REAL)1e-44 : (REAL)1e-320;
    REQUIRE(M(loss)(NULL, params.now, x, target, BATCH, workspace, NULL, &loss) == C(OK));
    x[0] = good;
    remember();
    REQUIRE(step(&loss) == C(OK) && isfinite(loss));
    REQUIRE(!same(&params) && !same(&state));
}

#ifdef SCALED
/* One over zero, as alpha. */
static void bad_scales(void)
{
    M(config) config = C(CONFIG_DEFAULT);
    size_t size = M(save_size)(NULL, 1);
    void *file = get(size);
    REQUIRE(M(save)(NULL, params.now, state.now, file, size) == C(OK));
    config.a = 0;
    REQUIRE(M(step)(NULL, params.now, state.now, x, target, BATCH, 0, workspace, NULL, NULL) ==
            C(OK));
    remember();
    REQUIRE(M(init)(&config, params.now, state.now, 2, workspace, NULL) == C(BAD_CONFIG));
    REQUIRE(same(&params) && same(&state));
    REQUIRE(M(load)(&config, params.now, state.now, file, size, workspace) == C(BAD_CONFIG));
    REQUIRE(same(&params) && same(&state));
    REQUIRE(M(load)(NULL, params.now, state.now, file, size, workspace) == C(OK));
    REQUIRE(!same(&params) && !same(&state));
    free(file);
}
#endif

int main(void)
{
    open_network();
    bad_numbers();
    good_numbers();
    whole_gradient();
#ifdef SCALED
    bad_scales();
#endif
    return 0;
}
