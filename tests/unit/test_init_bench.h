/* SPDX-License-Identifier: Apache-2.0
 *
 * A program made by hand, of one region and a few tensors, and what draws it; the sources under
 * test are part of the including file, in the precision that it names.
 */
#ifndef RNET_TEST_INIT_BENCH_H
#define RNET_TEST_INIT_BENCH_H

#pragma GCC diagnostic ignored "-Wpsabi"           /* no vector crosses a call here */
#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* clang's, for small code */
#include "core/fft.c" /* one translation unit, as the bitcode is built */
#include "core/init.c"
#include "core/init_entries.c"
#include "core/memory.c"
#include "core/networks.c"
#include "core/orthogonal.c"
#include "core/path.c"
#include "core/path_draw.c"
#include "core/random.c"
#include "core/shape.c"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Rounding of a real, and of sums of a few dozen of them. */
static const double UNIT = sizeof(real) == 4 ? 0x1p-24 : 0x1p-53;

/* ---- a program by hand: one region, params [depth, scale, parameter] ---- */

enum { MOST_TENSORS = 12 };

typedef struct Bench {
    RnProgram program;
    RnRegion region;
    RnTensor tensors[MOST_TENSORS];
    double config[3];
    char *params, *workspace;
    size_t bytes;
} Bench;

static double depth_formula(const RnPlace *place)
{
    return place->params[0];
}

static double scale_formula(const RnPlace *place)
{
    return place->params[1];
}

static double parameter_formula(const RnPlace *place)
{
    return place->params[2];
}

static void bench_open(Bench *bench, double depth)
{
    *bench =
        (Bench){.region = {.name = "stack", .depth = depth_formula}, .config = {depth, 1, 0.8}};
    bench->program.real_size = sizeof(real);
    bench->program.region_count = 1;
    bench->program.regions = &bench->region;
    bench->program.tensors = bench->tensors;
}

static RnTensor *bench_tensor(Bench *bench, const char *name, int law, int64_t outs, int64_t ins)
{
    RnTensor *tensor = &bench->tensors[bench->program.tensor_count++];
    *tensor = (RnTensor){.name = name,
                         .law = law,
                         .matrix = ins > 0,
                         .rank = ins > 0 ? 2 : 1,
                         .dims = {outs, ins},
                         .size = ins > 0 ? outs * ins : outs,
                         .fan_in = (double)ins,
                         .fan_out = (double)outs,
                         .scale = scale_formula,
                         .parameter = parameter_formula};
    return tensor;
}

static void *allocate(size_t bytes, int fill)
{
    void *memory = aligned_alloc(RN_ALIGN, (bytes + RN_ALIGN - 1) / RN_ALIGN * RN_ALIGN);
    assert_non_null(memory);
    return memset(memory, fill, bytes);
}

/* Draws everything; memory is first filled with NaNs, which must not survive. */
static int bench_draw(Bench *bench, uint64_t seed, const RnParallel *parallel)
{
    free(bench->params);
    free(bench->workspace);
    bench->params = bench->workspace = NULL;
    bench->bytes = rn_params_size(&bench->program, bench->config);
    size_t work = rn_init_workspace_size(&bench->program, bench->config);
    if (!bench->bytes || !work)
        return RN_BAD_CONFIG;
    bench->params = allocate(bench->bytes, 0xff);
    bench->workspace = allocate(work, 0xff);
    return rn_init(&bench->program, bench->config, bench->params, seed, 0, bench->workspace,
                   parallel);
}

static void bench_close(Bench *bench)
{
    free(bench->params);
    free(bench->workspace);
}

static const real *values_of(const Bench *bench, int32_t tensor)
{
    int64_t count;
    size_t offset = rn_tensor_offset(&bench->program, bench->config, tensor, &count);
    assert_true(count > 0);
    return (const real *)(bench->params + offset);
}

#endif
