/* SPDX-License-Identifier: Apache-2.0
 *
 * A stretch of layers on its own: forward from given states, backward from given gradients.
 *
 * It runs as a pass over a network of the same regions in which this one is as deep as the stretch
 * and every other has one layer: so it has the buffers of a pass of that size, whatever the
 * network's depth, and only the weights have to be pointed at where the stretch begins.
 */
#include "core/pass.h"

#include "kernels/kernels.h"

/* The network of the pass, and the call on it. The regions lie at the start of the workspace. */
typedef struct Inner {
    RnProgram program;
    RnCall call;
    double config[1]; /* layers of the stretch */
} Inner;

static double stretch_depth(const RnPlace *place)
{
    return place->params[0];
}

static size_t regions_size(const RnProgram *program)
{
    size_t bytes = (size_t)program->region_count * sizeof(RnRegion);
    return (bytes + RN_ALIGN - 1) & ~(size_t)(RN_ALIGN - 1);
}

static int in_range(const RnStretch *stretch)
{
    const RnCall *call = stretch->call;
    if (stretch->region < 0 || stretch->region >= call->program->region_count)
        return 0;
    int64_t depth = rn_depth(call->program, call->config, stretch->region);
    return stretch->from >= 0 && stretch->from < stretch->to && stretch->to <= depth;
}

static void make_inner(const RnStretch *stretch, RnRegion *regions, Inner *inner)
{
    const RnCall *call = stretch->call;
    inner->program = *call->program;
    inner->program.regions = regions;
    inner->config[0] = (double)(stretch->to - stretch->from);
    for (int32_t r = 0; r < call->program->region_count; r++) {
        regions[r] = call->program->regions[r];
        regions[r].depth = r == stretch->region ? stretch_depth : NULL;
        regions[r].lockstep = 0; /* nothing is trained: no sample looks at another */
    }
    inner->call = (RnCall){.program = &inner->program,
                           .code = call->code,
                           .config = inner->config,
                           .params = call->params,
                           .workspace = (char *)call->workspace + regions_size(call->program),
                           .batch = call->batch,
                           .what = RN_FORWARD | RN_BACKWARD | RN_STATES_ONLY,
                           .parallel = call->parallel};
}

enum { MOST_REGIONS = 256 };

size_t rn_stretch_size(const RnStretch *stretch)
{
    RnRegion regions[MOST_REGIONS];
    Inner inner;
    if (!in_range(stretch) || stretch->call->program->region_count > MOST_REGIONS)
        return 0;
    make_inner(stretch, regions, &inner);
    size_t size = rn_workspace_size(&inner.call);
    return size ? size + regions_size(stretch->call->program) : 0;
}

/* Weights of the stretch's first layer, where a pass looks for those of layer 0. */
static int point_at_stretch(const RnStretch *stretch, RnPass *pass)
{
    const RnCall *call = stretch->call;
    for (int32_t t = 0; t < call->program->tensor_count; t++) {
        const RnTensor *tensor = &call->program->tensors[t];
        int64_t layers;
        size_t offset = rn_tensor_offset(call->program, call->config, t, &layers);
        if (layers < 1)
            return 0;
        int moves = tensor->region == stretch->region && !tensor->shared;
        real *values = (real *)((char *)call->params + offset);
        pass->tensor[t] = values + (moves ? stretch->from * tensor->size : 0);
    }
    return 1;
}

typedef struct Work {
    const RnStretch *stretch;
    RnPass *pass;
    int64_t from, to; /* of a block, counted from the stretch's first layer */
} Work;

static int64_t rows_after(const Work *work)
{
    return work->pass->spans[work->stretch->region + 1].rows;
}

static void forward_tile(void *context, int64_t index)
{
    const Work *work = context;
    const RnPass *pass = work->pass;
    const RnTile *tile = &pass->tiles[index];
    int32_t region = work->stretch->region;
    rn_pack(tile, work->stretch->state, pass->spans[region].rows, rnk_state(pass, tile, region, 0));
    pass->call->code->regions[region].forward(pass, tile, 0, pass->spans[region].depth);
    if (work->stretch->next)
        rnk_transpose(tile, rnk_state(pass, tile, region + 1, 0), rows_after(work), tile->width,
                      work->stretch->next, rows_after(work), 0);
    if (work->stretch->cotangent)
        rn_pack(tile, work->stretch->cotangent, rows_after(work), tile->gradient[0]);
}

static void backward_tile(void *context, int64_t index)
{
    const Work *work = context;
    RnTile *tile = &work->pass->tiles[index];
    int32_t region = work->stretch->region;
    rn_backward_layers(work->pass, tile, region, work->from, work->to);
    int64_t rows = work->pass->spans[region].rows;
    if (work->from == 0)
        rnk_transpose(tile, tile->gradient[0], rows, tile->width, work->stretch->pulled, rows, 0);
}

int rn_stretch(const RnStretch *stretch)
{
    Inner inner;
    if (!in_range(stretch) || stretch->call->program->region_count > MOST_REGIONS)
        return RN_BAD_CONFIG;
    make_inner(stretch, stretch->call->workspace, &inner);
    RnPass *pass = rn_pass_open(&inner.call, RN_UNIT);
    if (!pass || !point_at_stretch(stretch, pass))
        return RN_BAD_CONFIG;
    const RnSpan *span = &pass->spans[stretch->region];
    Work work = {.stretch = stretch, .pass = pass};
    rn_parallel(&inner.call, pass->tile_count, forward_tile, &work);
    for (work.to = stretch->cotangent ? span->depth : 0; work.to > 0; work.to = work.from) {
        work.from = rn_block_from(span, work.to);
        rn_parallel(&inner.call, pass->tile_count, backward_tile, &work);
    }
    return RN_OK;
}
