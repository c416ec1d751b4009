/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes of params, state and workspace, and the carving of a workspace.
 *
 * One function walks over the workspace, with memory or without: what it asks for and what it uses
 * cannot disagree. Every product and sum is checked; an overflow makes the whole size 0.
 */
#include "core/pass.h"

#include "core/round.h"
#include "kernels/kernels.h"

/* Called a few times a step, so better small than fast. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

enum { TILE_WIDTH = 64 }; /* samples; four vectors of 16 lanes */
static const int64_t SEGMENT_REALS = 256 * 1024 / sizeof(real); /* of a tile's states */
static const int64_t DELTA_REALS = 128 * 1024 / sizeof(real);   /* of one thread's deltas */

typedef struct Carver {
    char *base; /* NULL: only count */
    size_t used;
    int bad;
} Carver;

static void *take(Carver *carver, int64_t count, int64_t each, size_t unit)
{
    size_t bytes, end;
    if (carver->bad || count < 0 || each < 0 ||
        __builtin_mul_overflow((size_t)count, (size_t)each, &bytes) ||
        __builtin_mul_overflow(bytes, unit, &bytes) ||
        __builtin_add_overflow(bytes, (size_t)RN_ALIGN - 1, &bytes) ||
        __builtin_add_overflow(carver->used, bytes & ~(size_t)(RN_ALIGN - 1), &end)) {
        carver->bad = 1;
        return NULL;
    }
    char *place = carver->base ? carver->base + carver->used : NULL;
    carver->used = end;
    return place;
}

static int64_t product(Carver *carver, int64_t a, int64_t b)
{
    int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result))
        carver->bad = 1;
    return result;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Lays out the params; offset of tensor `stop` to `used` where it is one. */
static int lay_params(const RnProgram *program, const double *config, int32_t stop, Carver *carver)
{
    for (int32_t t = 0; t < stop; t++) {
        int64_t layers = rn_tensor_layers(program, config, t);
        if (layers < 1)
            return 0;
        take(carver, layers, program->tensors[t].size, sizeof(real));
    }
    return !carver->bad;
}

size_t rn_params_size(const RnProgram *program, const double *config)
{
    Carver carver = {0};
    if (!lay_params(program, config, program->tensor_count, &carver))
        return 0;
    return carver.used ? carver.used : RN_ALIGN; /* 0 would say that the config is bad */
}

size_t rn_tensor_offset(const RnProgram *program, const double *config, int32_t tensor,
                        int64_t *count)
{
    Carver carver = {0};
    *count = 0;
    if (tensor < 0 || tensor >= program->tensor_count ||
        !lay_params(program, config, tensor, &carver))
        return 0;
    size_t offset = carver.used;
    if (lay_params(program, config, program->tensor_count, &carver))
        *count = rn_tensor_layers(program, config, tensor);
    return offset;
}

size_t rn_state_size(const RnProgram *program, const double *config)
{
    size_t params = rn_params_size(program, config);
    Carver carver = {0};
    take(&carver, 1, 1, sizeof(RnState));
    take(&carver, rn_moments(program), 1, params);
    return params && !carver.bad ? carver.used : 0;
}

static int lockstep(const RnProgram *program)
{
    int any = 0;
    for (int32_t r = 0; r < program->region_count; r++)
        any |= program->regions[r].lockstep;
    return any;
}

/* Is anything wide? A tile of such a network may be. */
static int wide(const RnProgram *program)
{
    int any = 0;
    for (int32_t r = 0; r < program->region_count; r++)
        any |=
            rnk_is_wide(program->regions[r].in_rows) || rnk_is_wide(program->regions[r].out_rows);
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *row = &program->tensors[t]; /* a branch may be wider than its states */
        any |= row->matrix && rnk_is_wide(row->dims[0]) && rnk_is_wide(row->dims[1]);
    }
    return any;
}

/* The longest side of the large products, samples of a gradient included; 0: there are none. */
static int64_t longest(const RnProgram *program)
{
    int64_t most = 0;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *row = &program->tensors[t];
        if (row->rank == 2 && rnk_is_wide(row->dims[0]) && rnk_is_wide(row->dims[1]))
            most = larger(most, larger(row->dims[0], row->dims[1]));
    }
    return most ? larger(most, RNK_PACK_SAMPLES) : 0;
}

/* Reals between the states, kept values, scratch and gradients of one tile and of the next: lines
 * that a core fetches behind the ones that it reads would else be taken from the core that writes
 * them. */
enum { GAP = 1024 / (int)sizeof(real) };

static int fewer(const RnPass *pass)
{
    return (pass->call->what & RN_FEWER) != 0;
}

/* `reals` for each tile, and the distance from tile to tile. Under RN_FEWER they are for all tiles
 * together. */
static real *take_each(Carver *carver, const RnPass *sizes, int64_t reals, int64_t *stride)
{
    int64_t gaps = fewer(sizes) ? product(carver, sizes->tile_count, GAP) : GAP;
    if (__builtin_add_overflow(reals, gaps, stride))
        carver->bad = 1;
    return take(carver, fewer(sizes) ? 1 : sizes->tile_count, *stride, sizeof(real));
}

/* Samples of the widest tile, in whole units. */
typedef struct Widths {
    int64_t unit, most;
} Widths;

_Static_assert(!RNK_MATRIX_UNIT || RN_UNIT % RNK_K_STEP == 0,
               "the end of a tile cuts no step of a sum over samples");

/* Wide layers are read from memory once a tile, so that fewer tiles are better, and their
 * micro-tiles take some vectors of lanes at once. */
static Widths widths_of(const RnProgram *program, int64_t unit)
{
    return wide(program) ? (Widths){unit, RNK_PACK_LANES} : (Widths){RN_LANES, TILE_WIDTH};
}

/* Samples of a tile: a share for each thread, as far as whole vectors go. Results do not depend on
 * it. */
static int64_t tile_width(const RnCall *call, Widths widths)
{
    int64_t width = (call->batch + widths.unit - 1) / widths.unit * widths.unit;
    int64_t threads = rn_threads(call), each = width / threads + (width % threads != 0);
    int64_t share = (each + widths.unit - 1) / widths.unit * widths.unit;
    if (lockstep(call->program))
        return width;
    return share < widths.most ? share : widths.most;
}

/* RN_FEWER: lanes of all tiles of any call of so many samples and threads or fewer, and how many
 * tiles these are. One thread alone has tiles of the greatest width. Of more threads each has at
 * most half of the batch, and what the last tile is wider than the rest comes on top. */
static void bound_tiles(RnPass *pass, Widths widths)
{
    int64_t lanes = rn_round_up(pass->batch, widths.unit), threads = rn_threads(pass->call);
    int64_t full = (pass->batch + widths.most - 1) / widths.most;
    pass->width = lanes;
    pass->tile_count = 1;
    if (lockstep(pass->program))
        return;
    int64_t share = rn_round_up(lanes / 2, widths.unit);
    int64_t more = (share < widths.most ? share : widths.most) - widths.unit;
    if (lanes > widths.most)
        pass->width = rn_round_up(lanes, widths.most);
    if (threads > 1)
        pass->width = larger(pass->width, lanes + more);
    int64_t tiles = larger(full, threads), units = lanes / widths.unit;
    pass->tile_count = smaller(tiles, units);
}

/* Reals of a layer's deltas, in whole vectors; as many as no memory has if there are more. */
static int64_t delta_stride(const RnCall *call, int32_t region)
{
    const int64_t most = INT64_MAX / 2;
    int64_t reals = 0;
    if (__builtin_mul_overflow(call->batch, call->program->regions[region].delta_reals, &reals) ||
        reals > most)
        return most;
    return rn_round_up(reals, RNK_LANES);
}

/* Reals of a block's deltas for each thread. Threads wait for each other at its ends, so where
 * there are several it is twice as long. */
static int64_t share_of_block(const RnCall *call)
{
    return rn_threads(call) > 1 ? 2 * DELTA_REALS : DELTA_REALS;
}

/* Where several threads sum a block's gradients while the next block goes down, deltas, gradients
 * and states that are made again are there for two blocks. Wide layers, whose deltas take the room
 * of as many states, have one. */
static int overlaps(const RnCall *call)
{
    return rn_threads(call) > 1 && !longest(call->program);
}

/* Layers that are held where blocks or segments have so many. */
static int64_t slots_of(const RnCall *call, int64_t layers)
{
    return overlaps(call) ? 2 * layers : layers;
}

/* A power of two of layers whose deltas fit into each thread's share; one where each is traced. All
 * where there are no deltas, and one for each thread where layers are wide. */
static int64_t block_layers(const RnCall *call, int32_t region, int64_t depth)
{
    if (rn_traces(call, region) && !(call->what & RN_TRACE_ENDS))
        return 1;
    if (!rn_wants_tensors(call))
        return depth;
    int64_t threads = rn_threads(call);
    if (longest(call->program)) /* each needs memory for its copies */
        return smaller(threads, depth);
    int64_t layers = share_of_block(call) / larger(delta_stride(call, region), 1) * threads;
    int64_t least = rn_power_from(threads); /* each sums the gradients of a layer */
    return smaller(larger(rn_power_to(layers), least), rn_power_from(depth));
}

/* Layers of a segment whose states are made again, at least: a power of two, for the ring, and one
 * for each thread, since gradients of weights are made layer by layer. */
static int64_t least_segment(const RnCall *call)
{
    return rn_power_from(larger(RN_SEGMENT, rn_threads(call)));
}

/* As many as a block has, which ends with its segment, where their states leave room in the caches.
 */
static int64_t segment_layers(const RnPass *sizes, const RnSpan *span)
{
    int64_t most = SEGMENT_REALS / larger(span->rows, 1) / sizes->width;
    return larger(least_segment(sizes->call), rn_power_to(smaller(span->block, most)));
}

/* RN_FEWER: reals of all tiles' states, made again or of too few layers for that. */
static int64_t bound_states(Carver *carver, const RnPass *sizes, const RnSpan *span)
{
    int64_t state = product(carver, span->rows, sizes->width);
    int64_t large = product(carver, sizes->tile_count, SEGMENT_REALS);
    int64_t rings = 0;
    int64_t least = product(carver, least_segment(sizes->call), state);
    if (__builtin_add_overflow(large, least, &rings))
        carver->bad = 1;
    rings = product(carver, slots_of(sizes->call, 1) + 1, rings);
    return smaller(product(carver, span->depth, state), rings);
}

/* Does anything read states of the region when all of them are there? A trace of the ends alone has
 * the first one in the tile's memory for gradients. */
static int reads_states(const RnCall *call, const RnRegion *row)
{
    int backward = rn_asks(call->what, RN_BACKWARD) != 0;
    if (rn_asks(call->what, RN_TRACE) && !(backward && (call->what & RN_TRACE_ENDS)))
        return 1;
    return backward && (rn_wants_tensors(call) ? row->keeps_states : row->reads_states);
}

/* States of a region: all, where backward reads them or a trace; those of a segment, or of two,
 * where it can make them again; else two states, in turns. */
static void take_states(Carver *carver, const RnPass *sizes, const RnRegion *row, RnSpan *span)
{
    const RnCall *call = sizes->call;
    int all = reads_states(call, row);
    /* of a trace every state is read, or may be scaled between two of a segment */
    int remakes = rn_uses(RN_USES_REMADE) && all && row->remakes && !rn_asks(call->what, RN_TRACE);
    int64_t segment = remakes ? segment_layers(sizes, span) : 0;
    int64_t ring = slots_of(call, segment);
    int remade = remakes && (fewer(sizes) || span->depth > ring + segment);
    int64_t slots = remade ? ring : all || span->depth < 2 ? span->depth : 2;
    int64_t state = product(carver, span->rows, sizes->width);
    span->state_mask = all && !remade ? -1 : slots - 1;
    int64_t states =
        remade && fewer(sizes) ? bound_states(carver, sizes, span) : product(carver, slots, state);
    span->state = take_each(carver, sizes, states, &span->state_stride);
    if (!remade)
        return;
    span->segment = segment;
    span->shift = __builtin_ctzll((unsigned long long)segment);
    int64_t starts = span->depth / (fewer(sizes) ? RN_SEGMENT : segment) + 1;
    span->start = take_each(carver, sizes, product(carver, starts, state), &span->start_stride);
}

/* Sizes of a region, its states and kept values. */
static RnSpan take_span(Carver *carver, const RnPass *sizes, int32_t region)
{
    const RnCall *call = sizes->call;
    const RnRegion *row = &call->program->regions[region];
    RnSpan span = {.rows = row->in_rows, .kept_rows = row->kept_rows};
    span.depth = rn_depth(call->program, call->config, region);
    if (span.depth < 1) {
        carver->bad = 1;
        return span;
    }
    int backward = rn_asks(call->what, RN_BACKWARD);
    if (rn_wants_tensors(call))
        span.delta_stride = delta_stride(call, region);
    span.kept_mask = backward ? -1 : 0;
    span.block = block_layers(call, region, span.depth);
    span.delta_mask = rn_power_from(slots_of(call, span.block)) - 1;
    int64_t kept =
        product(carver, product(carver, backward ? span.depth : 1, span.kept_rows), sizes->width);
    take_states(carver, sizes, row, &span);
    span.kept = take_each(carver, sizes, kept, &span.kept_stride);
    return span;
}

/* Deltas that are held. A smaller batch may have more layers in a block, but they fill no more than
 * each thread's share, unless that is less than a layer for each. */
static int64_t delta_reals(Carver *carver, const RnPass *pass, const RnSpan *span)
{
    const RnCall *call = pass->call;
    int64_t slots = product(carver, span->delta_mask + 1, span->delta_stride);
    int64_t share = product(carver, slots_of(call, rn_threads(call)), share_of_block(call));
    int64_t all = product(carver, span->depth, span->delta_stride);
    return smaller(fewer(pass) ? larger(slots, share) : slots, all);
}

typedef struct Most {
    int64_t scratch, rows, delta, layers, slots;
} Most;

static void take_spans(Carver *carver, RnPass *pass, Most *most)
{
    const RnProgram *program = pass->program;
    for (int32_t r = 0; r < program->region_count && !carver->bad; r++) {
        const RnRegion *row = &program->regions[r];
        RnSpan span = take_span(carver, pass, r);
        most->scratch = larger(most->scratch, row->scratch_rows);
        most->rows = larger(most->rows, larger(row->in_rows, row->out_rows));
        most->layers = larger(most->layers, span.depth);
        most->slots = larger(most->slots, span.delta_mask + 1);
        most->delta = larger(most->delta, delta_reals(carver, pass, &span));
        if (pass->spans)
            pass->spans[r] = span;
    }
    int64_t rows = rn_output_rows(program);
    RnSpan output = {.depth = 1, .rows = rows};
    output.state =
        take_each(carver, pass, product(carver, rows, pass->width), &output.state_stride);
    if (pass->spans)
        pass->spans[program->region_count] = output;
}

/* One for each tile, and for each layer of a block and the shared tensors. */
static void take_copies(Carver *carver, RnPass *pass, int64_t slots)
{
    int64_t most = longest(pass->program);
    int sums = rn_asks(pass->call->what, RN_BACKWARD) && rn_wants_tensors(pass->call);
    int64_t layers = sums ? slots + 1 : 0;
    pass->copy_count = most ? larger(pass->tile_count, layers) : 0;
    pass->copy_step = product(carver, most, RNK_PACK_K_REALS) + RNK_PACK_REALS;
    pass->copies = take(carver, pass->copy_count, pass->copy_step, sizeof(real));
}

/* Deltas of wide layers stay in the scratch of their layer until a block's gradients are made. */
static int64_t scratch_layers(const RnPass *pass, const Most *most)
{
    int backward = rn_asks(pass->call->what, RN_BACKWARD) && rn_wants_tensors(pass->call);
    return backward && longest(pass->program) ? most->slots : 1;
}

enum { POWERS = sizeof(RnPowers) / sizeof(int64_t *) };

static int64_t *take_powers(Carver *carver, const RnPass *pass)
{
    int64_t tiles = fewer(pass) ? 1 : pass->tile_count;
    return take(carver, rn_asks(pass->call->what, RN_TRACE) ? tiles : 0,
                product(carver, POWERS, pass->width), sizeof(int64_t));
}

static RnPowers powers_of(const RnPass *pass, int64_t *powers, int64_t tile)
{
    int64_t width = pass->width;
    int64_t *own = powers + tile * POWERS * width;
    return (RnPowers){own, own + width, own + 2 * width, own + 3 * width, own + 4 * width};
}

static void take_tiles(Carver *carver, RnPass *pass, const Most *most)
{
    int backward = rn_asks(pass->call->what, RN_BACKWARD);
    int64_t layer = product(carver, most->scratch, pass->width);
    int64_t layers = scratch_layers(pass, most);
    int64_t scratch, gradient;
    int64_t rows = backward ? product(carver, most->rows, pass->width) : 0;
    real *scratches = take_each(carver, pass, product(carver, layers, layer), &scratch);
    real *gradients = take_each(carver, pass, product(carver, 3, rows), &gradient);
    int64_t *powers = take_powers(carver, pass);
    take_copies(carver, pass, most->slots);
    pass->scratch_step = layers > 1 ? layer : 0;
    pass->scratch_stride = scratch;
    if (!pass->tiles || carver->bad)
        return;
    for (int64_t t = 0; t < pass->tile_count; t++) {
        int64_t left = pass->batch - t * pass->width;
        pass->tiles[t] =
            (RnTile){.index = t,
                     .width = pass->width,
                     .first = t * pass->width,
                     .valid = left < pass->width ? left : pass->width,
                     .scratch = scratches + t * scratch,
                     .gradient = {gradients + t * gradient, gradients + t * gradient + rows},
                     .saved = gradients + t * gradient + 2 * rows,
                     .packed = pass->copy_count ? pass->copies + t * pass->copy_step : NULL,
                     .power = powers_of(pass, powers, t)};
    }
}

/* Points the rows of a pointer table at the tensors of something laid out like params. */
static void point(const RnPass *pass, real **table, void *base)
{
    Carver carver = {.base = base};
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        int64_t layers = rn_tensor_layers(pass->program, pass->call->config, t);
        table[t] = take(&carver, layers, pass->program->tensors[t].size, sizeof(real));
    }
}

static void take_tables(Carver *carver, RnPass *pass)
{
    const RnProgram *program = pass->program;
    pass->spans = take(carver, program->region_count + 1, 1, sizeof(RnSpan));
    pass->tiles = take(carver, pass->tile_count, 1, sizeof(RnTile));
    pass->tensor = take(carver, program->tensor_count, 1, sizeof(real *));
    pass->gradient = take(carver, program->tensor_count, 1, sizeof(real *));
    for (int m = 0; m < RN_MOMENTS; m++)
        pass->moment[m] = take(carver, program->tensor_count, 1, sizeof(real *));
    pass->rules = take(carver, program->tensor_count, 1, sizeof(RnRule));
    pass->streams = take(carver, pass->stream_count, 1, sizeof(uint64_t));
    pass->losses = take(carver, pass->batch, 1, sizeof(double));
}

/* A factor for each lane, layer by layer, of every scalar that the networks do not share. */
static void take_factors(Carver *carver, RnPass *pass)
{
    const RnCall *call = pass->call;
    pass->factor = take(carver, pass->program->tensor_count, 1, sizeof(real *));
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        int64_t layers = rn_tensor_layers(pass->program, call->config, t);
        int64_t lanes = product(carver, pass->tile_count, pass->width);
        real *factor = call->own[t] ? take(carver, layers, lanes, sizeof(real)) : NULL;
        if (pass->factor)
            pass->factor[t] = factor;
    }
}

/* Layers of a tensor whose gradients are held at once: as rn_gradient_from says, where each is used
 * up by its update before another takes its place; else all. */
static int64_t gradient_layers(const RnPass *pass, int32_t tensor)
{
    const RnTensor *row = &pass->program->tensors[tensor];
    int64_t layers = rn_tensor_layers(pass->program, pass->call->config, tensor);
    if (!pass->fused || row->shared)
        return layers;
    RnCall call = *pass->call;
    if (fewer(pass))
        call.batch = 1; /* whose blocks are the longest */
    int64_t slots = slots_of(&call, block_layers(&call, row->region, layers));
    return smaller(overlaps(&call) ? larger(slots, RN_LANES) : slots, layers);
}

static void take_gradients(Carver *carver, RnPass *pass)
{
    if (pass->call->gradient) {
        if (pass->tiles)
            point(pass, pass->gradient, pass->call->gradient);
        return;
    }
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        int64_t size = product(carver, gradient_layers(pass, t), pass->program->tensors[t].size);
        /* the first layer may begin anywhere in a vector */
        real *rows = take(carver, larger(size, 0) + RN_LANES, 1, sizeof(real));
        if (pass->gradient)
            pass->gradient[t] = rows;
    }
}

static void point_tables(RnPass *pass, size_t params)
{
    const RnCall *call = pass->call;
    point(pass, pass->tensor, call->params);
    if (!rn_asks(call->what, RN_UPDATE))
        return;
    for (int32_t m = 0; m < rn_moments(pass->program); m++)
        point(pass, pass->moment[m], (char *)call->state + sizeof(RnState) + (size_t)m * params);
}

static RnPass sizes_of(const RnCall *call, int64_t unit)
{
    Widths widths = widths_of(call->program, unit);
    RnPass pass = {.call = call, .program = call->program, .batch = call->batch};
    if (fewer(&pass)) {
        bound_tiles(&pass, widths);
    } else {
        pass.width = tile_width(call, widths);
        pass.tile_count = (call->batch + pass.width - 1) / pass.width;
    }
    const char *const *streams = call->program->streams;
    while (streams && streams[pass.stream_count])
        pass.stream_count++;
    pass.each = rn_shares(call) ? call->batch / call->networks : call->batch;
    pass.training = rn_asks(call->what, RN_TRAINING) != 0;
    pass.fit = rn_asks(call->what, RN_FIT) != 0;
    const RnTrain *train = call->program->train;
    pass.fused = rn_asks(call->what, RN_UPDATE) && train && !train->clip;
    pass.overlaps = overlaps(call);
    return pass;
}

/* Carves, or counts where carver->base is NULL. */
static RnPass *carve(Carver *carver, const RnCall *call, int64_t unit)
{
    size_t params = rn_params_size(call->program, call->config);
    if (!params || call->batch < 1 || call->batch > RN_MOST_LAYERS ||
        (rn_shares(call) && !rn_networks_ok(call))) {
        carver->bad = 1;
        return NULL;
    }
    RnPass pass = sizes_of(call, unit);
    Most most = {0};
    RnPass *place = take(carver, 1, 1, sizeof pass);
    take_tables(carver, &pass);
    take_spans(carver, &pass, &most);
    take_tiles(carver, &pass, &most);
    if (rn_shares(call))
        take_factors(carver, &pass);
    if (rn_asks(call->what, RN_BACKWARD))
        pass.partial = take(carver, most.layers, 1, sizeof(double));
    if (rn_asks(call->what, RN_BACKWARD) && rn_wants_tensors(call)) {
        /* gradients read whole vectors: 16 lanes may follow the last row */
        pass.delta = take(carver, most.delta + RN_LANES, 1, sizeof(real));
        take_gradients(carver, &pass);
    }
    if (place && !carver->bad) {
        point_tables(&pass, params);
        *place = pass;
    }
    return carver->bad ? NULL : place;
}

static RnCall completed(const RnCall *call)
{
    RnCall full = *call;
    if (full.what & RN_UPDATE)
        full.what |= RN_BACKWARD;
    return full;
}

/* Objects to embed have these two once for all instruction sets, so nothing else here may depend
 * on the set. */
__attribute__((noinline)) size_t rn_pass_size(const RnCall *call, int64_t unit)
{
    Carver carver = {0};
    RnCall full = completed(call);
    carve(&carver, &full, unit);
    return carver.bad ? 0 : carver.used;
}

__attribute__((noinline)) RnPass *rn_pass_open(const RnCall *call, int64_t unit)
{
    Carver carver = {.base = call->workspace};
    return carve(&carver, call, unit);
}

#pragma clang attribute pop
