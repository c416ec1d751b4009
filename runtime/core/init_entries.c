/* SPDX-License-Identifier: Apache-2.0
 *
 * The laws: independent entries, paths, orthogonal matrices and what is not drawn at all.
 */
#include "core/init.h"
#include "core/orthogonal.h"
#include "core/random_math.h"
#include "core/round.h"

/* values[e], e < count: entry number first + e by the law, of unit variance; both are multiples of
 * RN_RANDOM_BLOCK. */
static void fill_chunk(const RnDraw *draw, int64_t first, int64_t count, double *values)
{
    const double root_three = 0x1.bb67ae8584caap+0;
    uint64_t block = (uint64_t)first / RN_RANDOM_BLOCK, blocks = (uint64_t)count / RN_RANDOM_BLOCK;
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

/* rounded[e] = scale · values[e], e < count, in whole vectors. */
static void round_run(double scale, const double *values, int64_t count, real *rounded)
{
    for (int64_t e = 0; e < count; e += RNK_LANES) {
        RnDouble16 v;
        __builtin_memcpy(&v, values + e, sizeof v);
        vreal r = __builtin_convertvector(v * scale, vreal);
        __builtin_memcpy(rounded + e, &r, sizeof r);
    }
}

/* rows × columns of checkpoint order, `ins` apart, to places `outs` apart. Down the rows first,
 * for so the places are consecutive. */
static void place_rows(const RnDraw *draw, real *out, const real *values, int64_t rows,
                       int64_t columns)
{
    for (int64_t c = 0; c < columns; c++, out += draw->outs)
        for (int64_t r = 0; r < rows; r++)
            out[r] = values[r * draw->ins + c];
}

/* Entries entry … entry + count − 1 of one layer: the rest of a row, whole rows, the beginning of a
 * row. */
static void place_run(const RnDraw *draw, real *out, int64_t entry, int64_t count,
                      const real *values)
{
    while (count > 0) {
        int64_t row = entry / draw->ins, column = entry % draw->ins, rows = 1;
        int64_t columns = draw->ins - column < count ? draw->ins - column : count;
        if (columns == draw->ins)
            rows = count / draw->ins;
        place_rows(draw, out + column * draw->outs + row, values, rows, columns);
        entry += rows * columns;
        values += rows * columns;
        count -= rows * columns;
    }
}

/* A chunk of entries, layer by layer; where all layers share the draw, each of them gets it. */
static void place_chunk(const RnDraw *draw, int64_t first, int64_t count, const double *values,
                        real *rounded)
{
    int64_t size = draw->tensor->size, shared = draw->drawn_layers < draw->layers;
    while (count > 0) {
        int64_t layer = first / size, entry = first % size;
        int64_t run = size - entry < count ? size - entry : count;
        int64_t end = shared ? draw->layers : layer + 1;
        for (; layer < end; layer++) {
            round_run(draw->scales[layer], values, run, rounded);
            place_run(draw, draw->out + layer * size, entry, run, rounded);
        }
        first += run;
        values += run;
        count -= run;
    }
}

/* The slot: a chunk in double, which whole vectors may read behind its end, then as reals. */
size_t rn_entries_slot(const RnDraw *draw)
{
    size_t chunk = (size_t)draw->chunk + RN_RANDOM_BLOCK;
    return chunk * (sizeof(double) + sizeof(real));
}

void rn_draw_entries(void *context, int64_t index)
{
    const RnDraw *draw = context;
    double *values = (double *)(draw->slots + (size_t)index * draw->slot_bytes);
    real *rounded = (real *)(values + draw->chunk + RN_RANDOM_BLOCK);
    int64_t total = draw->drawn_layers * draw->tensor->size;
    int64_t step = draw->slot_count * draw->chunk;
    for (int64_t first = index * draw->chunk; first < total; first += step) {
        int64_t count = total - first < draw->chunk ? total - first : draw->chunk;
        int64_t whole = (count + RN_RANDOM_BLOCK - 1) / RN_RANDOM_BLOCK * RN_RANDOM_BLOCK;
        fill_chunk(draw, first, whole, values);
        place_chunk(draw, first, count, values, rounded);
    }
}

enum { MOST_RUNS = 2 * RN_PATH_LANES, AHEAD = 8 }; /* layers: some hundred cycles of stores */

/* Lanes of one part that go to consecutive places; count: a power of two. */
typedef struct Run {
    int64_t part, lane, count, place;
} Run;

typedef struct Places {
    int64_t count;
    Run runs[MOST_RUNS];
} Places;

/* Place in a layer of a part of path `number`; −1: nowhere. Vectors have no second axis: their
 * first half takes the real parts, the rest the others. */
static int64_t place_of_part(const RnDraw *draw, int64_t number, int64_t part)
{
    int64_t size = draw->tensor->size, ins = draw->tensor->matrix ? draw->ins : 2;
    int64_t outs = draw->tensor->matrix ? draw->outs : (size + 1) / 2;
    int64_t in = 2 * (number / outs) + part, place = in * outs + number % outs;
    return in < ins && place < size ? place : -1;
}

static void find_places(const RnDraw *draw, int64_t group, Places *places)
{
    places->count = 0;
    for (int64_t part = 0; part < 2; part++)
        for (int64_t lane = 0, count; lane < RN_PATH_LANES; lane += count) {
            int64_t first = group * RN_PATH_LANES + lane, place = place_of_part(draw, first, part);
            for (count = 1; lane + count < RN_PATH_LANES; count++)
                if (place < 0 || place_of_part(draw, first + count, part) != place + count)
                    break;
            count = rn_power_to(count);
            if (place >= 0)
                places->runs[places->count++] = (Run){part, lane, count, place};
        }
}

RN_INLINE void copy_run(real *to, const real *from, int64_t count)
{
    switch (count) {
    case 16:
        __builtin_memcpy(to, from, 16 * sizeof(real));
        break;
    case 8:
        __builtin_memcpy(to, from, 8 * sizeof(real));
        break;
    case 4:
        __builtin_memcpy(to, from, 4 * sizeof(real));
        break;
    case 2:
        __builtin_memcpy(to, from, 2 * sizeof(real));
        break;
    default:
        *to = *from;
    }
}

/* values: the two parts of each layer. Layers lie too far apart for the machine to foresee the
 * next. */
static void place_paths(const RnDraw *draw, const Places *places, const vreal *values)
{
    int64_t size = draw->tensor->size;
    real *out = draw->out;
    for (int64_t layer = 0; layer < draw->layers; layer++, out += size, values += 2) {
        real scale = (real)draw->scales[layer];
        vreal scaled[2] = {values[0] * scale, values[1] * scale};
        const real *ahead = layer + AHEAD < draw->layers ? out + AHEAD * size : out;
        for (int64_t r = 0; r < places->count; r++) {
            const Run *run = &places->runs[r];
            __builtin_prefetch(ahead + run->place, 1);
            __builtin_prefetch(ahead + run->place + run->count - 1, 1);
            copy_run(out + run->place, (const real *)&scaled[run->part] + run->lane, run->count);
        }
    }
}

void rn_draw_paths(void *context, int64_t index)
{
    const RnDraw *draw = context;
    int64_t pairs =
        draw->tensor->matrix ? draw->outs * ((draw->ins + 1) / 2) : (draw->tensor->size + 1) / 2;
    int64_t groups = (pairs + RN_PATH_LANES - 1) / RN_PATH_LANES;
    vreal *slot = (vreal *)(draw->slots + (size_t)index * draw->slot_bytes);
    int64_t group = index * groups / draw->slot_count;
    for (; group < (index + 1) * groups / draw->slot_count; group++) {
        Places places;
        rn_path_draw(&draw->path, draw->shared, draw->stream, group, slot);
        find_places(draw, group, &places);
        place_paths(draw, &places, slot);
    }
}

/* To a place of the layer, or of all layers where they share the draw. */
static void place_entry(const RnDraw *draw, int64_t layer, int64_t place, double value)
{
    int64_t end = draw->drawn_layers < draw->layers ? draw->layers : layer + 1;
    for (; layer < end; layer++)
        draw->out[layer * draw->tensor->size + place] = (real)(draw->scales[layer] * value);
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
            for (int64_t out = 0; out < draw->outs; out++)
                place_entry(draw, layer, out * out_step + in * in_step,
                            q[out * step[0] + in * step[1]]);
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
