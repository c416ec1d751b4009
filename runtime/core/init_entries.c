/* SPDX-License-Identifier: Apache-2.0
 *
 * The laws: independent entries, paths, orthogonal matrices and what is not drawn at all.
 */
#include "core/init.h"
#include "core/orthogonal.h"
#include "core/random_math.h"

/* values[e]: entry number first + e by the law, of unit variance. */
static void fill_chunk(const RnDraw *draw, int64_t first, double *values)
{
    const double root_three = 0x1.bb67ae8584caap+0;
    uint64_t block = (uint64_t)first / RN_RANDOM_BLOCK, blocks = RN_INIT_CHUNK / RN_RANDOM_BLOCK;
    if (draw->tensor->law == RN_LAW_NORMAL) {
        rn_normals(draw->stream, 0, block, blocks, values);
        return;
    }
    for (uint64_t b = 0; b < blocks; b++, values += RN_RANDOM_BLOCK) {
        RnDouble8 u[2];
        rn_uniform16(draw->stream, 0, block + b, u);
        for (int half = 0; half < 2; half++)
            u[half] = (u[half] * 2.0 - 1.0) * root_three;
        __builtin_memcpy(values, u, sizeof u);
        for (int e = 0; e < RN_RANDOM_BLOCK && draw->tensor->law == RN_LAW_SIGNS; e++)
            values[e] = values[e] > 0 ? 1 : -1;
    }
}

/* values[e] times the layer's scale to index + e · step of layer `layer`, or of all layers where
 * they share the draw. */
static void place_run(const RnDraw *draw, int64_t layer, const int64_t place[2],
                      const double *values, int64_t count)
{
    int64_t step = place[1], end = draw->drawn_layers < draw->layers ? draw->layers : layer + 1;
    for (; layer < end; layer++) {
        real *out = draw->out + layer * draw->tensor->size + place[0];
        double scale = draw->scales[layer];
        for (int64_t e = 0; e < count; e++)
            out[e * step] = (real)(scale * values[e]);
    }
}

/* Row by row: a row lies along checkpoints, and `outs` apart in memory. */
static void place_chunk(const RnDraw *draw, int64_t first, int64_t count, const double *values)
{
    int64_t size = draw->tensor->size, layer = first / size, entry = first % size;
    int64_t out = entry / draw->ins, in = entry % draw->ins;
    while (count > 0) {
        int64_t run = draw->ins - in < count ? draw->ins - in : count;
        int64_t place[2] = {in * draw->outs + out, draw->outs};
        place_run(draw, layer, place, values, run);
        values += run;
        count -= run;
        in = 0;
        if (++out == draw->outs) {
            out = 0;
            layer++;
        }
    }
}

void rn_draw_entries(void *context, int64_t index)
{
    const RnDraw *draw = context;
    double values[RN_INIT_CHUNK];
    int64_t total = draw->drawn_layers * draw->tensor->size;
    int64_t step = draw->slot_count * RN_INIT_CHUNK;
    for (int64_t first = index * RN_INIT_CHUNK; first < total; first += step) {
        int64_t left = total - first;
        fill_chunk(draw, first, values);
        place_chunk(draw, first, left < RN_INIT_CHUNK ? left : RN_INIT_CHUNK, values);
    }
}

/* Where a group's lanes go: entry[2 · lane + part] is the place in a layer, −1: nowhere. */
typedef struct Places {
    int64_t entry[2 * RN_PATH_LANES];
    int whole; /* each part goes to 16 places in a row */
} Places;

/* Vectors have no second axis: their first half takes the real parts, the rest the others. */
static void find_places(const RnDraw *draw, int64_t group, Places *places)
{
    int64_t size = draw->tensor->size, ins = draw->tensor->matrix ? draw->ins : 2;
    int64_t outs = draw->tensor->matrix ? draw->outs : (size + 1) / 2;
    int64_t first = group * RN_PATH_LANES, last = first + RN_PATH_LANES - 1;
    for (int lane = 0; lane < RN_PATH_LANES; lane++) {
        int64_t number = first + lane, pair = number / outs;
        int64_t real_place = number + pair * outs, other = real_place + outs;
        places->entry[2 * lane] = 2 * pair < ins && real_place < size ? real_place : -1;
        places->entry[2 * lane + 1] = 2 * pair + 1 < ins && other < size ? other : -1;
    }
    places->whole = first / outs == last / outs && places->entry[2 * RN_PATH_LANES - 1] >= 0;
}

/* values: the two parts of each layer. */
static void place_paths(const RnDraw *draw, const Places *places, const vreal *values)
{
    real *out = draw->out;
    for (int64_t layer = 0; layer < draw->layers; layer++, out += draw->tensor->size, values += 2) {
        real scale = (real)draw->scales[layer];
        vreal scaled[2] = {values[0] * scale, values[1] * scale};
        if (places->whole) {
            __builtin_memcpy(out + places->entry[0], &scaled[0], sizeof scaled[0]);
            __builtin_memcpy(out + places->entry[1], &scaled[1], sizeof scaled[1]);
            continue;
        }
        for (int lane = 0; lane < RN_PATH_LANES; lane++)
            for (int part = 0; part < 2; part++)
                if (places->entry[2 * lane + part] >= 0)
                    out[places->entry[2 * lane + part]] = scaled[part][lane];
    }
}

void rn_draw_paths(void *context, int64_t index)
{
    const RnDraw *draw = context;
    int64_t pairs =
        draw->tensor->matrix ? draw->outs * ((draw->ins + 1) / 2) : (draw->tensor->size + 1) / 2;
    vreal *slot = (vreal *)(draw->slots + (size_t)index * draw->slot_bytes);
    for (int64_t group = index; group * RN_PATH_LANES < pairs; group += draw->slot_count) {
        Places places;
        rn_path_draw(&draw->path, draw->shared, draw->stream, group, slot);
        find_places(draw, group, &places);
        place_paths(draw, &places, slot);
    }
}

void rn_draw_orthogonal(void *context, int64_t index)
{
    const RnDraw *draw = context;
    double *slot = (double *)(draw->slots + (size_t)index * draw->slot_bytes);
    int64_t shape[2] = {draw->outs, draw->ins}, step[2];
    int64_t out_step = draw->tensor->matrix ? 1 : draw->ins;
    int64_t in_step = draw->tensor->matrix ? draw->outs : 1;
    for (int64_t layer = index; layer < draw->drawn_layers; layer += draw->slot_count) {
        const double *q = rn_orthogonal_draw(draw->stream, (uint64_t)layer, shape, slot, step);
        for (int64_t in = 0; in < draw->ins; in++)
            for (int64_t out = 0; out < draw->outs; out++) {
                int64_t place[2] = {out * out_step + in * in_step, 0};
                place_run(draw, layer, place, q + out * step[0] + in * step[1], 1);
            }
    }
}

void rn_draw_householder(void *context, int64_t index)
{
    const RnDraw *draw = context;
    double *slot = (double *)(draw->slots + (size_t)index * draw->slot_bytes);
    int64_t rows = draw->tensor->dims[1], vectors = draw->layers * draw->tensor->dims[0];
    uint64_t blocks = ((uint64_t)rows + RN_RANDOM_BLOCK - 1) / RN_RANDOM_BLOCK;
    for (int64_t vector = index; vector < vectors; vector += draw->slot_count) {
        double square = 0;
        rn_normals(draw->stream, (uint64_t)vector, 0, blocks, slot);
        for (int64_t r = 0; r < rows; r++)
            square += slot[r] * slot[r];
        for (int64_t r = 0; r < rows; r++)
            draw->out[vector * rows + r] = (real)(slot[r] / __builtin_sqrt(square));
    }
}

/* Fisher and Yates. */
void rn_draw_permutation(const RnDraw *draw)
{
    uint64_t stream = rn_stream("permutation", (uint64_t)draw->tensor->seed, 0);
    int64_t size = draw->tensor->size;
    real *out = draw->out;
    for (int64_t layer = 0; layer < draw->layers; layer++, out += size) {
        for (int64_t i = 0; i < size; i++)
            out[i] = (real)i;
        for (int64_t i = size - 1; i > 0; i--) {
            unsigned __int128 wide = rn_bits(stream, (uint64_t)layer, (uint64_t)i);
            int64_t j = (int64_t)(wide * (unsigned __int128)(i + 1) >> 64);
            real kept = out[i];
            out[i] = out[j];
            out[j] = kept;
        }
    }
}

void rn_draw_constant(const RnDraw *draw)
{
    real *out = draw->out;
    for (int64_t layer = 0; layer < draw->layers; layer++)
        for (int64_t i = 0; i < draw->tensor->size; i++)
            *out++ = (real)draw->scales[layer];
}
