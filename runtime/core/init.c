/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing all tensors, one after another, each spread over a fixed number of slots; so neither the
 * workspace nor a single bit depends on the number of threads.
 */
#include "core/init.h"
#include "core/orthogonal.h"
#include "core/pass.h"
#include "core/random.h"
#include "core/theory.h"

/* Not where time goes: kernels and regions are called from here. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

enum { MOST_SLOTS = 16, LEAST_SLOTS = 2 };
/* Entries drawn at a time: so many rows that columns of them fill cache lines, in a first-level
 * cache where rows are short, in a second-level one always. */
enum { CHUNK_ROWS = 16, LEAST_CHUNK = 1024, MOST_CHUNK = 8192 };
static const size_t SLOT_MEMORY = (size_t)64 << 20;  /* all slots together, where two fit */
static const int64_t EXACT_REALS = (int64_t)1 << 24; /* whole numbers that a float holds */

/* What a tensor asks of the workspace. */
typedef struct Needs {
    size_t scales, shared, slots;
} Needs;

static int align_size(size_t *bytes)
{
    int bad = __builtin_add_overflow(*bytes, (size_t)RN_ALIGN - 1, bytes);
    *bytes &= ~(size_t)(RN_ALIGN - 1);
    return !bad;
}

static RnPlace place_of(const RnProgram *program, const double *config, const RnTensor *tensor)
{
    return (RnPlace){.params = config,
                     .depth = (double)rn_depth(program, config, tensor->region),
                     .layer = 1,
                     .fan_in = tensor->fan_in,
                     .fan_out = tensor->fan_out};
}

static int uses_law(int32_t law)
{
    return rn_uses(RN_USES_LAW + law);
}

static int is_drawn(int32_t law)
{
    return law != RN_LAW_ZEROS && law != RN_LAW_CONSTANT && law != RN_LAW_FORMULA &&
           law != RN_LAW_OPTIMAL;
}

/* fbm with hurst ½ is white, and a single layer has no neighbour. */
static int plan_correlation(RnDraw *draw, const RnPlace *place)
{
    const RnTensor *tensor = draw->tensor;
    draw->drawn_layers = draw->layers;
    if (!is_drawn(tensor->law) || tensor->correlation == RN_CORRELATION_IID)
        return 1;
    if (tensor->correlation == RN_CORRELATION_CONSTANT) {
        draw->drawn_layers = 1;
        return tensor->law != RN_LAW_HOUSEHOLDER && tensor->law != RN_LAW_PERMUTATION;
    }
    if (tensor->law != RN_LAW_NORMAL || !tensor->parameter)
        return 0;
    draw->path = (RnPath){.correlation = tensor->correlation,
                          .increments = tensor->increments,
                          .layers = draw->layers,
                          .parameter = tensor->parameter(place)};
    int white = tensor->correlation == RN_CORRELATION_FBM && draw->path.parameter == 0.5;
    draw->by_path = draw->layers > 1 && !white;
    return !rn_uses(RN_USES_PATHS) || rn_path_plan(&draw->path);
}

static int plan_shape(RnDraw *draw)
{
    const RnTensor *tensor = draw->tensor;
    int paired = tensor->law == RN_LAW_ORTHOGONAL || tensor->law == RN_LAW_HAAR || tensor->matrix;
    if (tensor->size < 1)
        return 0;
    draw->outs = paired && tensor->rank > 0 ? tensor->dims[0] : 1;
    if (draw->outs < 1 || tensor->size % draw->outs)
        return 0;
    draw->ins = tensor->size / draw->outs;
    if (tensor->law == RN_LAW_HOUSEHOLDER)
        return tensor->rank == 2 && tensor->dims[0] * tensor->dims[1] == tensor->size;
    return tensor->law != RN_LAW_PERMUTATION || tensor->size <= EXACT_REALS;
}

static void plan_chunk(RnDraw *draw)
{
    int64_t total = draw->drawn_layers * draw->tensor->size, chunk = MOST_CHUNK;
    if (draw->ins < MOST_CHUNK / CHUNK_ROWS)
        chunk = CHUNK_ROWS * draw->ins;
    if (chunk < LEAST_CHUNK)
        chunk = LEAST_CHUNK;
    if (total < chunk)
        chunk = total;
    draw->chunk = (chunk + RN_RANDOM_BLOCK - 1) / RN_RANDOM_BLOCK * RN_RANDOM_BLOCK;
}

static int plan_slots(RnDraw *draw)
{
    const RnTensor *tensor = draw->tensor;
    draw->slot_bytes = 0;
    if (draw->by_path) {
        draw->slot_bytes = draw->path.slot_bytes;
    } else if (tensor->law == RN_LAW_ORTHOGONAL || tensor->law == RN_LAW_HAAR) {
        draw->slot_bytes = rn_orthogonal_size(draw->outs, draw->ins);
        if (!draw->slot_bytes)
            return 0;
    } else if (tensor->law == RN_LAW_HOUSEHOLDER) {
        size_t rows = (size_t)tensor->dims[1] + RN_RANDOM_BLOCK;
        if (__builtin_mul_overflow(rows, sizeof(double), &draw->slot_bytes))
            return 0;
    } else if (is_drawn(tensor->law) && tensor->law != RN_LAW_PERMUTATION) {
        plan_chunk(draw);
        draw->slot_bytes = rn_entries_slot(draw);
    }
    draw->slot_count = MOST_SLOTS;
    while (draw->slot_count > LEAST_SLOTS &&
           draw->slot_bytes > SLOT_MEMORY / (size_t)draw->slot_count)
        draw->slot_count /= 2;
    return align_size(&draw->slot_bytes);
}

/* Does the program draw anything at all, or only put constants and formulas into place? */
static int draws(void)
{
    const uint64_t constants = (uint64_t)1 << RN_LAW_ZEROS | (uint64_t)1 << RN_LAW_CONSTANT |
                               (uint64_t)1 << RN_LAW_FORMULA | (uint64_t)1 << RN_LAW_OPTIMAL;
    return (rnet_uses >> RN_USES_LAW & ~constants) != 0;
}

/* Everything but pointers; 0: the config is bad or a size overflows. */
static int plan_draw(const RnProgram *program, const double *config, int32_t index, RnDraw *draw)
{
    *draw = (RnDraw){.tensor = &program->tensors[index]};
    draw->layers = rn_tensor_layers(program, config, index);
    if (draw->layers < 1)
        return 0;
    if (!draws()) /* rn_draw_constant wants no memory */
        return draw->tensor->size > 0;
    if (!plan_shape(draw))
        return 0;
    int64_t reals;
    if (__builtin_mul_overflow(draw->layers, draw->tensor->size, &reals))
        return 0;
    RnPlace place = place_of(program, config, draw->tensor);
    return plan_correlation(draw, &place) && plan_slots(draw);
}

static int needs_of(const RnDraw *draw, Needs *needs)
{
    *needs = (Needs){.shared = draw->by_path ? draw->path.shared_bytes : 0};
    return !__builtin_mul_overflow((size_t)draw->layers, sizeof(double), &needs->scales) &&
           !__builtin_mul_overflow((size_t)draw->slot_count, draw->slot_bytes, &needs->slots) &&
           align_size(&needs->scales) && align_size(&needs->shared);
}

size_t rn_init_workspace_size(const RnProgram *program, const double *config)
{
    size_t most = RN_ALIGN; /* 0 would say that the config is bad */
    for (int32_t t = 0; t < program->tensor_count; t++) {
        RnDraw draw;
        Needs needs;
        size_t bytes;
        if (!plan_draw(program, config, t, &draw) || !needs_of(&draw, &needs) ||
            __builtin_add_overflow(needs.scales, needs.shared, &bytes) ||
            __builtin_add_overflow(bytes, needs.slots, &bytes))
            return 0;
        if (bytes > most)
            most = bytes;
    }
    return most;
}

/* The law's scale at each layer, in double, once; `absent` where no formula gives it. 0: one is not
 * finite. */
static int fill_scales(const RnDraw *draw, RnPlace *place, double absent, double *scales)
{
    for (int64_t layer = 0; layer < draw->layers; layer++) {
        place->layer = (double)(layer + 1);
        int formula = draw->tensor->scale && draw->tensor->law != RN_LAW_ZEROS;
        scales[layer] = formula ? draw->tensor->scale(place) : absent;
        if (!__builtin_isfinite(scales[layer]))
            return 0;
    }
    return 1;
}

static double absent_scale(const RnProgram *program, const double *config, int32_t index)
{
    int32_t law = program->tensors[index].law;
    if (law == RN_LAW_OPTIMAL && uses_law(RN_LAW_OPTIMAL))
        return rn_optimal_alpha(program, config, index);
    return law == RN_LAW_ZEROS ? 0 : 1;
}

/* Slots that lie in a thread's nearest caches are used again and again: one thread takes one, and
 * several two each, so that none waits long for the others. */
static void run_body(const RnParallel *parallel, RnDraw *draw, RnDrawBody *body)
{
    int64_t slots = parallel && parallel->run && parallel->threads > 1 ? 2 * parallel->threads : 1;
    if (slots < draw->slot_count)
        draw->slot_count = slots;
    if (draw->slot_count > 1)
        parallel->run(parallel->pool, draw->slot_count, body, draw);
    else
        body(draw, 0);
}

static RnDrawBody *body_of(const RnDraw *draw)
{
    int32_t law = draw->tensor->law;
    if (rn_uses(RN_USES_PATHS) && draw->by_path)
        return rn_draw_paths;
    if ((law == RN_LAW_NORMAL && uses_law(RN_LAW_NORMAL)) ||
        (law == RN_LAW_UNIFORM && uses_law(RN_LAW_UNIFORM)) ||
        (law == RN_LAW_SIGNS && uses_law(RN_LAW_SIGNS)))
        return rn_draw_entries;
    if ((law == RN_LAW_ORTHOGONAL && uses_law(RN_LAW_ORTHOGONAL)) ||
        (law == RN_LAW_HAAR && uses_law(RN_LAW_HAAR)))
        return rn_draw_orthogonal;
    if (law == RN_LAW_HOUSEHOLDER && uses_law(RN_LAW_HOUSEHOLDER))
        return rn_draw_householder;
    return NULL;
}

static void draw_tensor(RnDraw *draw, const RnParallel *parallel)
{
    RnDrawBody *body = body_of(draw);
    if (rn_uses(RN_USES_PATHS) && draw->by_path)
        rn_path_prepare(&draw->path, draw->shared);
    if (body)
        run_body(parallel, draw, body);
    else if (draw->tensor->law == RN_LAW_PERMUTATION && uses_law(RN_LAW_PERMUTATION))
        rn_draw_permutation(draw);
    else /* ZEROS, CONSTANT, FORMULA, OPTIMAL */
        rn_draw_constant(draw);
}

/* What one call draws: all tensors, the derived ones, or those that `changed` params decide. */
typedef enum Which { ALL, DERIVED, CHANGED } Which;

typedef struct Request {
    const RnProgram *program;
    const double *config;
    char *params, *workspace;
    uint64_t seed, repeat;
    Which which;
    int64_t changed;
} Request;

/* Draws, or only finds out whether it can. */
static int make_tensor(const Request *request, int32_t index, int writes,
                       const RnParallel *parallel)
{
    const RnProgram *program = request->program;
    const double *config = request->config;
    RnDraw draw;
    Needs needs;
    int64_t layers;
    size_t offset = rn_tensor_offset(program, config, index, &layers);
    if (!layers || !plan_draw(program, config, index, &draw) || !needs_of(&draw, &needs))
        return RN_BAD_CONFIG;
    RnPlace place = place_of(program, config, draw.tensor);
    double *scales = (double *)request->workspace;
    if (!fill_scales(&draw, &place, absent_scale(program, config, index), scales))
        return RN_BAD_CONFIG;
    draw.out = (real *)(request->params + offset);
    draw.scales = scales;
    draw.shared = request->workspace + needs.scales;
    draw.slots = draw.shared + needs.shared;
    draw.stream = rn_stream(draw.tensor->name, request->seed, request->repeat);
    if (writes)
        draw_tensor(&draw, parallel);
    return RN_OK;
}

static int is_wanted(const Request *request, const RnTensor *tensor)
{
    return request->which == ALL ||
           (request->which == DERIVED && tensor->role == RN_ROLE_DERIVED) ||
           (request->which == CHANGED && (tensor->depends & request->changed));
}

static int count_wanted(const Request *request)
{
    int count = 0;
    for (int32_t t = 0; t < request->program->tensor_count; t++)
        count += is_wanted(request, &request->program->tensors[t]);
    return count;
}

/* All or nothing; one alone finds out for itself before it writes. */
static int make_tensors(const Request *request, const RnParallel *parallel)
{
    int status = RN_OK;
    for (int writes = count_wanted(request) < 2; writes < 2; writes++)
        for (int32_t t = 0; t < request->program->tensor_count && status == RN_OK; t++)
            if (is_wanted(request, &request->program->tensors[t]))
                status = make_tensor(request, t, writes, parallel);
    return status;
}

int rn_init(const RnProgram *program, const double *config, void *params, uint64_t seed,
            uint64_t repeat, void *workspace, const RnParallel *parallel)
{
    Request request = {program, config, params, workspace, seed, repeat, ALL, 0};
    return make_tensors(&request, parallel);
}

int rn_derive(const RnProgram *program, const double *config, void *params, uint64_t seed,
              uint64_t repeat, void *workspace, const RnParallel *parallel)
{
    Request request = {program, config, params, workspace, seed, repeat, DERIVED, 0};
    return make_tensors(&request, parallel);
}

int rn_redraw(const RnProgram *program, const double *config, void *params, uint64_t seed,
              uint64_t repeat, void *workspace, const RnParallel *parallel, int64_t changed)
{
    Request request = {program, config, params, workspace, seed, repeat, CHANGED, changed};
    return make_tensors(&request, parallel);
}

#pragma clang attribute pop
