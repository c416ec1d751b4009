/* SPDX-License-Identifier: Apache-2.0
 *
 * Regimes at start. A warning, not an error: a program may be started to see what goes wrong.
 */
#include "lib/expect.h"

#include "core/theory.h"

_Static_assert((int)RN_EXPECT_EXPLODING == (int)THEORY_EXPECT_EXPLODING &&
                   (int)RN_EXPECT_SDE == (int)THEORY_EXPECT_SDE,
               "expectations are in one order");

static const char *const expectation_names[] = {
#define X(tag, name) name,
    RN_EXPECTATIONS(X)
#undef X
};

/* A block at whatever depth theory asks for. */
typedef struct Place {
    const RnProgram *program;
    const double *config;
    int32_t block, unused;
    RnTheory theory;
} Place;

static const TheoryStack *at_depth(void *context, double depth)
{
    Place *place = context;
    rn_theory_fill(place->program, place->config, place->block, depth, &place->theory);
    return &place->theory.stack;
}

static int judge(const RnProgram *program, const double *config, int32_t block, FILE *out)
{
    const RnSignalBlock *row = &program->signal->blocks[block];
    Place place = {.program = program, .config = config, .block = block};
    if (row->expect == RN_EXPECT_NONE || !rn_theory_fill(program, config, block, 0, &place.theory))
        return 0;
    TheoryFamily family = {at_depth, &place};
    TheoryVerdict verdict = theory_regime(&family, place.theory.stack.depth);
    if (verdict.regime == THEORY_NO_REGIME ||
        theory_fulfils((TheoryExpectation)row->expect, verdict.regime))
        return 0;
    fprintf(out, "%s: warning: `%s` is meant to be `%s`, and with these params is `%s`: %s\n",
            program->name, program->regions[row->region].name, expectation_names[row->expect],
            theory_regime_name(verdict.regime), verdict.why);
    return 1;
}

int rt_expect_warn(const RnProgram *program, const double *config, FILE *out)
{
    int count = 0;
    for (int32_t i = 0; program->signal && i < program->signal->block_count; i++)
        count += judge(program, config, i, out);
    return count;
}
