/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradients of weights: sums over the samples of the batch, in ascending order, groups within a
 * sample in ascending order too.
 *
 * Samples are summed where they lie, tile after tile; vectors run along `out`. A micro-tile of
 * inputs × vectors accumulators stays in registers over a block of samples, and begins from g where
 * there were samples before, or where the caller adds: g itself is the running sum. Behind the last
 * row of the deltas lie 16 reals more, so that whole vectors may be read; gradients are written
 * exactly.
 */
#include "kernels/wide.h"

#include "core/descent.h"
#include "core/pass.h"
#include "core/round.h"
#include "kernels/past.h"

/* Two vectors: a panel of deltas, samples × two vectors, then stays in the first-level cache while
 * all inputs pass by. Longer rows of deltas are copied together first. */
enum { PANEL = RNK_VECTORS > 1 ? 2 : 1, PACKED_FROM = 128, BLOCK = RNK_PACK_SAMPLES };

/* Narrow tiles are taken together, so that sums seldom go through memory: so many samples, whose
 * panel of deltas still leaves half of the first-level cache; in large products a whole block. */
enum { TOGETHER = 128 };

/* Samples to a turn of the innermost loop, which share its addresses. */
enum { STEPS = 4 };

/* Where sums of the deltas alone are made, too, only the code of AVX-512 is so short that an object
 * can hold it. */
#if defined(__AVX512F__)
enum { BOTH_IN_STEPS = 1 };
#else
enum { BOTH_IN_STEPS = 0 };
#endif

typedef struct Outer {
    const RnPass *pass;
    real *g;
    int64_t in, out, groups;
    const real *x; /* of tile 0 */
    int64_t x_stride;
    const real *delta; /* [sample][columns], column already added, or a value as x is */
    int64_t columns;   /* 0: the latter */
    int64_t delta_stride;
    int64_t add; /* g holds a sum already */
    RnkAhead ahead;
    real factor;        /* by which sums are multiplied once the last sample is in */
    int64_t both;       /* a constant, as no address is: sums of the deltas alone, too */
    real *rows;         /* for these, then */
    real *w;            /* of this layer */
    const RnRule *rule; /* by which the last sums go to w in place of g; NULL: they do not */
    int past;           /* do new weights go past the caches? Rows of them are whole vectors then */
} Outer;

/* Samples of one block, in one or some tiles. */
typedef struct Samples {
    const real *x, *delta; /* of the first one */
    int64_t width, columns, count;
    int64_t stride;    /* of x from tile to tile */
    int64_t add, ends; /* are there sums in g already; are these the last samples? */
} Samples;

/* Memory to fetch while sums are made: x and deltas of the next layer that another thread has made,
 * moments and weights that the update will read, and two more without an end, since the one behind
 * that at work is looked at, too. */
enum { TABLES = 2 + RNK_AHEAD + 2 };
typedef struct Table {
    const char *at;
    int64_t lines;
} Table;

/* Table after table, a line a sample. */
typedef struct Fetch {
    const char *at;
    int64_t left; /* lines of this table */
    const Table *next;
} Fetch;

/* Rows of x are reached from every third one, by the step between them and twice that, which an
 * address holds; the compiler would keep a pointer for each row, and spill them. */
enum { REACH = 3, BASES = (RNK_ROWS + REACH - 1) / REACH };

/* Sums of a micro-tile; of the first one also those of the deltas alone. */
typedef struct Sums {
    RnkSums tile;
    vreal alone[RNK_VECTORS];
    int64_t both; /* a constant */
} Sums;

/* A sample at bases[][ahead], and its deltas. */
RNK_INLINE void micro_sample(int64_t rows, int64_t vectors, const real *const bases[BASES],
                             int64_t ahead, int64_t step, const real *delta, Sums *sum)
{
    vreal lanes[RNK_VECTORS];
    RNK_EACH_VECTOR(v, vectors)
    {
        lanes[v] = rnk_load_any(delta + v * RNK_LANES);
        if (sum->both)
            sum->alone[v] = sum->alone[v] + lanes[v];
    }
    RNK_EACH_ROW(r, rows, vectors)
    {
        vreal x = rnk_splat(bases[r / REACH][r % REACH * step + ahead]);
        RNK_EACH_VECTOR(v, vectors)
        sum->tile[r][v] = rnk_fma(x, lanes[v], sum->tile[r][v]);
    }
}

/* Without a branch: one in the innermost loop makes the compiler spill its sums. */
RNK_INLINE void go_on(Fetch *fetch, int64_t lines)
{
    Table next = *fetch->next;
    __asm__("" : "+r"(next.at), "+r"(next.lines));
    int64_t done = fetch->left <= lines;
    fetch->at = done ? next.at : fetch->at + lines * RNK_LINE;
    fetch->left = done ? next.lines : fetch->left - lines;
    fetch->next += done;
}

/* `count` samples at once, which begin at x and delta; one, where there are several groups. */
RNK_INLINE void micro_samples(const Outer *p, const Samples *s, int64_t rows, int64_t vectors,
                              const real *x, const real *delta, int64_t count, Fetch *fetch,
                              Sums *sum)
{
    for (int64_t group = 0; group < p->groups; group++) {
        const real *bases[BASES];
#pragma clang loop unroll(full)
        for (int base = 0; base < BASES; base++) {
            bases[base] = x + (group * p->in + base * REACH) * s->width;
            __asm__("" : "+r"(bases[base]));
        }
#pragma clang loop unroll(full)
        for (int64_t u = 0; u < STEPS; u++)
            if (u < count) {
                if (group == 0)
                    __builtin_prefetch(fetch->at + u * RNK_LINE, 0, 2);
                micro_sample(rows, vectors, bases, u, s->width,
                             delta + u * s->columns + group * p->out, sum);
            }
    }
    go_on(fetch, count);
}

/* The samples of a block that lie in one tile. */
RNK_INLINE void micro_part(const Outer *p, const Samples *s, int64_t rows, int64_t vectors,
                           const real *x, const real *delta, int64_t count, Fetch *fetch, Sums *sum)
{
    int64_t n = 0;
#pragma clang loop unroll(disable)
    for (; p->groups == 1 && (!sum->both || BOTH_IN_STEPS) && n + STEPS <= count;
         n += STEPS, x += STEPS, delta += STEPS * s->columns)
        micro_samples(p, s, rows, vectors, x, delta, STEPS, fetch, sum);
#pragma clang loop unroll(disable)
    for (; n < count; n++, x++, delta += s->columns)
        micro_samples(p, s, rows, vectors, x, delta, 1, fetch, sum);
}

/* Lanes of vector v, where the last one has `lanes`. */
RNK_INLINE int64_t lanes_of(int64_t vectors, int64_t v, int64_t lanes)
{
    return v < vectors - 1 ? RNK_LANES : lanes;
}

/* Lanes of vector v of row r that may be read and written: all, where what lies behind the row is
 * the next row of the same micro-tile, which comes after it. */
RNK_INLINE int64_t reach(const Outer *p, int64_t rows, int64_t vectors, int64_t r, int64_t v,
                         int64_t lanes)
{
    int64_t beyond = vectors * RNK_LANES - p->out;
    int64_t whole = v < vectors - 1 || (r + 1 < rows && 0 <= beyond && beyond <= p->out);
    return whole ? RNK_LANES : lanes;
}

/* Where sums go; `rule`: to the weights at w. */
typedef struct Place {
    real *g, *w;
    int64_t out;
    real factor;
    const RnRule *rule;
    int past; /* do whole vectors go past the caches? */
} Place;

RNK_INLINE Place place_of(const Outer *p, const Samples *s)
{
    return (Place){.g = p->g,
                   .w = p->w,
                   .out = p->out,
                   .factor = s->ends ? p->factor : 1,
                   .rule = s->ends ? p->rule : NULL,
                   .past = p->past};
}

RNK_INLINE void store_lanes(const Place *place, int64_t at, vreal value, int64_t lanes)
{
    value = place->factor * value;
    if (place->rule) {
        vreal w = rnk_load_some(place->w + at, lanes);
        vreal step = rn_decayed(place->rule, w, value);
        vreal next = rn_descended(place->rule, w, step);
        if (place->past)
            rnk_store_past((vreal *)(place->w + at), next);
        else
            rnk_store_some(place->w + at, next, lanes);
    } else {
        rnk_store_some(place->g + at, value, lanes);
    }
}

/* Inlined late, as epilogues are by their names (emit/target.c): of the many places that it has in
 * the kernel, few are left when sizes are known. */
static __attribute__((noinline)) void epilogue_of_gradient(const Place *place, int64_t at,
                                                           const vreal *value, int64_t lanes)
{
    store_lanes(place, at, *value, lanes);
}

/* What sums of a micro-tile begin with: nothing, or what there is in g. */
RNK_INLINE void micro_begin(const Outer *p, const Samples *s, int64_t rows, int64_t vectors,
                            int64_t i, int64_t o, int64_t lanes, Sums *sum)
{
    real *g = p->g + i * p->out + o;
    rnk_micro_clear(vectors, sum->tile);
    RNK_EACH_VECTOR(v, vectors)
    sum->alone[v] = (vreal){};
    if (!s->add)
        return;
    RNK_EACH_ROW(r, rows, vectors)
    RNK_EACH_VECTOR(v, vectors)
    sum->tile[r][v] =
        rnk_load_some(g + r * p->out + v * RNK_LANES, reach(p, rows, vectors, r, v, lanes));
    if (sum->both) {
        RNK_EACH_VECTOR(v, vectors)
        sum->alone[v] = rnk_load_some(p->rows + o + v * RNK_LANES, lanes_of(vectors, v, lanes));
    }
}

RNK_INLINE void micro_end(const Outer *p, const Samples *s, int64_t rows, int64_t vectors,
                          int64_t i, int64_t o, int64_t lanes, const Sums *sum)
{
    Place place = place_of(p, s);
    RNK_EACH_ROW(r, rows, vectors)
    RNK_EACH_VECTOR(v, vectors)
    {
        int64_t exact = lanes_of(vectors, v, lanes);
        vreal value = sum->tile[r][v];
        epilogue_of_gradient(&place, (i + r) * p->out + o + v * RNK_LANES, &value,
                             place.rule ? exact : reach(p, rows, vectors, r, v, lanes));
    }
    if (sum->both) {
        RNK_EACH_VECTOR(v, vectors)
        rnk_store_some(p->rows + o + v * RNK_LANES, place.factor * sum->alone[v],
                       lanes_of(vectors, v, lanes));
    }
}

/* Rows i … i + rows − 1 of g from column o on: `vectors` vectors, the last of `lanes` lanes.
 * `both`: a constant; sums of the deltas alone, too. */
RNK_INLINE void micro_outer(const Outer *p, const Samples *s, int64_t rows, int64_t vectors,
                            int64_t i, int64_t o, int64_t lanes, int64_t both, Fetch *fetch)
{
    Sums sum;
    sum.both = both;
    micro_begin(p, s, rows, vectors, i, o, lanes, &sum);
    const real *x = s->x + i * s->width, *delta = s->delta;
#pragma clang loop unroll(disable)
    for (int64_t left = s->count; left > 0; left -= s->width) {
        int64_t count = left < s->width ? left : s->width;
        micro_part(p, s, rows, vectors, x, delta, count, fetch, &sum);
        x += s->stride;
        delta += count * s->columns;
    }
    micro_end(p, s, rows, vectors, i, o, lanes, &sum);
}

/* Vectors of a panel: all of a micro-tile, which reads least for each multiply-add, where rows of
 * deltas are made of such. */
RNK_INLINE int64_t panel_vectors(int64_t out)
{
    return out < PACKED_FROM && out % (RNK_VECTORS * RNK_LANES) == 0 ? RNK_VECTORS : PANEL;
}

/* Rows of a micro-tile: what is broadcast to many of them wants registers too. */
RNK_INLINE int64_t highest(int64_t vectors)
{
    int64_t all = RNK_ACCUMULATORS / vectors, rows = vectors > PANEL ? all : all * 5 / 6;
    return rows < 1 ? 1 : rows < RNK_ROWS ? rows : RNK_ROWS;
}

/* All rows of g from column o on: tiles of one height, behind a first one that may be lower. */
RNK_INLINE void panel(const Outer *p, const Samples *s, int64_t vectors, int64_t o, int64_t lanes,
                      Fetch *fetch)
{
    real packed[BLOCK * PANEL * RNK_LANES] __attribute__((aligned(64)));
    Samples part = *s;
    part.delta += o;
    if (p->out >= PACKED_FROM && p->groups == 1) {
        for (int64_t n = 0; n < s->count; n++)
            RNK_EACH_VECTOR(v, vectors)
        rnk_store(packed + (n * vectors + v) * RNK_LANES,
                  rnk_load_any(part.delta + n * s->columns + v * RNK_LANES));
        part.delta = packed;
        part.columns = vectors * RNK_LANES;
    }
    int64_t most = highest(vectors), tiles = (p->in + most - 1) / most;
    int64_t height = (p->in + tiles - 1) / tiles, first = p->in - (tiles - 1) * height;
    micro_outer(p, &part, first, vectors, 0, o, lanes, p->both, fetch);
#pragma clang loop unroll(disable)
    for (int64_t i = first; i < p->in; i += height)
        micro_outer(p, &part, height, vectors, i, o, lanes, 0, fetch);
}

RNK_INLINE void block(const Outer *p, const Samples *s, Fetch *fetch)
{
    int64_t vectors = panel_vectors(p->out), o = 0, rest = p->out % (vectors * RNK_LANES);
#pragma clang loop unroll(disable)
    for (; o + vectors * RNK_LANES <= p->out; o += vectors * RNK_LANES)
        panel(p, s, vectors, o, RNK_LANES, fetch);
    if (rest > RNK_LANES)
        panel(p, s, PANEL, o, rest - RNK_LANES, fetch);
    else if (rest)
        panel(p, s, 1, o, rest, fetch);
}

/* What the update of the layer will read: its weights and moments. */
RNK_INLINE RnkAhead update_ahead(const RnPass *pass, int64_t tensor, int64_t layer, int64_t size)
{
    const real *w = pass->tensor[tensor], *first = pass->moment[0][tensor];
    const real *second = pass->moment[1][tensor];
    int64_t bytes = pass->fused ? size * (int64_t)sizeof(real) : 0;
    return (RnkAhead){{w + layer * size, first + layer * size, second + layer * size},
                      {bytes, first ? bytes : 0, second ? bytes : 0}};
}

_Static_assert(RN_MOMENTS + 1 == RNK_AHEAD, "update_ahead names each of them");

/* Where the thread that sums this layer sums the next one, too: a tile of another thread, from
 * whose core's caches the next layer's x and deltas come; else NULL. Not inlined: it would be a
 * tenth of the gradient's code. */
static __attribute__((noinline, minsize)) const RnTile *others_tile(const RnPass *pass,
                                                                    int64_t layer)
{
    int64_t threads = rn_threads(pass->call), sum = layer - pass->summed_from;
    int64_t pieces = rn_tile_pieces(pass->tile_count, threads);
    int64_t piece = rn_share_of(pass->sums, pieces, sum);
    if (pass->tile_count == 1 || rn_share_of(pass->sums, pieces, sum + 1) != piece)
        return NULL;
    int64_t thread = rn_share_of(pieces, threads, piece);
    int64_t tile = rn_share_start(pieces, threads, thread + 1);
    return &pass->tiles[tile < pass->tile_count ? tile : 0];
}

/* The number of tables with this one, if there is anything in it. */
RNK_INLINE int64_t put_table(Table *tables, int64_t count, const void *at, int64_t bytes)
{
    tables[count] = (Table){at, rnk_lines(bytes)};
    return count + (bytes > 0);
}

/* Where there may not be time for all: what other cores hold comes first, weights, which have been
 * read but lately, last. One layer of a segment whose states are made again has these elsewhere; it
 * goes without. */
RNK_INLINE void put_tables(const Outer *p, const RnTile *other, const real *next_x,
                           const real *next_delta, Table *tables)
{
    int64_t count = 0, rows = p->groups * p->in, bytes = (int64_t)sizeof(real);
    if (other) {
        const real *x = next_x + other->index * p->x_stride;
        const real *delta = next_delta + other->first * p->columns;
        count = put_table(tables, count, x, rows * p->pass->width * bytes);
        count = put_table(tables, count, delta, other->valid * p->columns * bytes);
    }
    RNK_EACH_VECTOR(i, RNK_AHEAD)
    count =
        put_table(tables, count, p->ahead.at[RNK_AHEAD - 1 - i], p->ahead.bytes[RNK_AHEAD - 1 - i]);
    tables[count] = tables[count + 1] = (Table){(const char *)p->x, INT64_MAX};
}

RNK_INLINE void store_gradient(const void *context, int64_t row, int64_t lane, const vreal *value)
{
    const Place *place = context;
    int64_t left = place->out - lane, at = row * place->out + lane;
    /* where all vectors are whole there is no code for others */
    if (left >= RNK_LANES || place->out % RNK_LANES == 0)
        store_lanes(place, at, *value, RNK_LANES);
    else
        store_lanes(place, at, *value, left);
}

/* Larger gradients do not wait in the second-level cache. */
enum { CACHED = 256 * 1024 };

/* Inputs are rows of the product, samples its depth, and deltas its lanes. */
RNK_INLINE void large_block(const Outer *p, const Samples *s, real *area)
{
    const Place place = place_of(p, s);
    int64_t cached = p->in * p->out * (int64_t)sizeof(real) <= CACHED;
    const RnkLarge large = {.w = s->x,
                            .x = s->delta,
                            .row_step = s->width,
                            .k_step = 1,
                            .x_step = p->columns ? p->columns : 1,
                            .lane_step = p->columns ? 1 : s->width,
                            .rows = p->in,
                            .depth = s->count,
                            .width = p->out,
                            .part = s->width,
                            .w_jump = s->stride,
                            .x_jump = p->delta_stride,
                            .ahead = &p->ahead,
                            .begin = s->add ? p->g : NULL,
                            .to = cached       ? NULL
                                  : place.rule ? place.w
                                               : place.g,
                            .finish = {store_gradient, NULL, &place}};
    rnk_large_product(&large, area);
}

/* Sums go straight to the weights, and nothing has to update these then. */
RNK_INLINE void descend(Outer *p, int64_t large, int64_t tensor, int64_t layer)
{
    if (p->add || !rn_descends(p->pass))
        return;
    RnRule *rule = &p->pass->rules[tensor];
    p->w = p->pass->tensor[tensor] + layer * p->in * p->out;
    p->rule = rule;
    p->past = p->out % RNK_LANES == 0 && rn_writes_past(p->pass);
    if (large && p->in * p->out * (int64_t)sizeof(real) > CACHED)
        p->ahead = (RnkAhead){}; /* what is fetched when it is due */
    /* by each thread; its line stays where it is read */
    if (!__atomic_load_n(&rule->descended, __ATOMIC_RELAXED))
        __atomic_store_n(&rule->descended, 1, __ATOMIC_RELAXED);
}

RNK_INLINE void all_samples(const Outer *p, const RnPass *pass, int64_t large, real *area,
                            Fetch *fetch)
{
    int64_t most = large ? BLOCK : TOGETHER, add = p->add;
    int64_t tiles = pass->width < most ? most / pass->width : 1;
    for (int64_t t = 0; t < pass->tile_count; t += tiles) {
        int64_t last = t + tiles < pass->tile_count ? t + tiles : pass->tile_count;
        const RnTile *from = &pass->tiles[t], *to = &pass->tiles[last - 1];
        int64_t count = to->first + to->valid - from->first;
        for (int64_t n = 0; n < count; n += BLOCK, add = 1) {
            int64_t at = p->columns ? (from->first + n) * p->columns : t * p->delta_stride + n;
            Samples s = {.x = p->x + t * p->x_stride + n,
                         .delta = p->delta + at,
                         .width = pass->width,
                         .columns = p->columns,
                         .count = count - n < BLOCK ? count - n : BLOCK,
                         .stride = p->x_stride,
                         .add = add,
                         .ends = t + tiles >= pass->tile_count && n + BLOCK >= count};
            if (large)
                large_block(p, &s, area);
            else
                block(p, &s, fetch);
        }
    }
}

/* Memory for copies of a large product; layer −1: of shared tensors, whose gradients are made
 * beside those of a layer. */
RNK_INLINE real *copies(const RnPass *pass, int64_t layer)
{
    int64_t index = layer < 0 ? pass->copy_count - 1 : layer - pass->summed_from;
    return pass->copies + index * pass->copy_step;
}

RNK_INLINE void weight_gradient(Outer p, int64_t tensor, int64_t layer, const real *next_x,
                                const real *next_delta)
{
    const RnPass *pass = p.pass;
    int64_t size = p.add ? 0 : p.in * p.out;
    int64_t large = p.groups == 1 && rnk_is_wide(p.in) && rnk_is_wide(p.out);
    p.g = rnk_tensor_gradient(pass, tensor, layer, size);
    p.ahead = update_ahead(pass, tensor, layer, size);
    Table tables[TABLES];
    Fetch fetch = {.next = tables};
    /* large ones copy what they read; layers of a shared tensor are one piece */
    if (!large) {
        int others = !p.add && rn_threads(pass->call) > 1;
        put_tables(&p, others ? others_tile(pass, layer) : NULL, next_x, next_delta, tables);
        go_on(&fetch, 0);
    }
    descend(&p, large, tensor, layer);
    all_samples(&p, pass, large, large ? copies(pass, p.add ? -1 : layer) : NULL, &fetch);
}

RNK_API void rnk_weight_gradient(const RnPass *pass, int64_t tensor, int64_t layer, int64_t in,
                                 int64_t out, int64_t groups, const real *x, int64_t x_stride,
                                 const real *delta, int64_t columns, int64_t column, int64_t add,
                                 real factor, int64_t both, real *rows, const real *next_x,
                                 const real *next_delta)
{
    Outer p = {.pass = pass,
               .in = in,
               .out = out,
               .groups = groups,
               .x = x,
               .x_stride = x_stride,
               .delta = delta + column,
               .columns = columns,
               .add = add,
               .factor = factor,
               .both = both,
               .rows = rows};
    weight_gradient(p, tensor, layer, next_x, next_delta);
}

RNK_API void rnk_weight_gradient_of_rows(const RnPass *pass, int64_t tensor, int64_t layer,
                                         int64_t in, int64_t out, const real *x, int64_t x_stride,
                                         const real *delta, int64_t delta_stride, int64_t add)
{
    Outer p = {.pass = pass,
               .in = in,
               .out = out,
               .groups = 1,
               .x = x,
               .x_stride = x_stride,
               .delta = delta,
               .delta_stride = delta_stride,
               .add = add,
               .factor = 1};
    weight_gradient(p, tensor, layer, NULL, NULL); /* large: not read */
}

enum { CHAINS = 4 }; /* sums in flight hide the latency of an addition */

RNK_API void rnk_row_gradient(const RnPass *pass, real *g, int64_t out, int64_t groups,
                              const real *delta, int64_t columns, int64_t column, int64_t add,
                              real factor)
{
    for (int64_t o = 0; o < out; o += RNK_LANES) {
        int64_t lanes = out - o < RNK_LANES ? out - o : RNK_LANES, s = 0;
        const real *row = delta + column + o;
        vreal sum[CHAINS] = {};
        for (; s + CHAINS <= pass->batch; s += CHAINS, row += CHAINS * columns)
            for (int64_t group = 0; group < groups; group++)
#pragma clang loop unroll(full)
                for (int c = 0; c < CHAINS; c++)
                    sum[c] = sum[c] + rnk_load_any(row + c * columns + group * out);
        for (; s < pass->batch; s++, row += columns)
            for (int64_t group = 0; group < groups; group++)
                sum[0] = sum[0] + rnk_load_any(row + group * out);
        vreal all = factor * (((sum[0] + sum[1]) + sum[2]) + sum[3]);
        if (add)
            all = rnk_load_some(g + o, lanes) + all;
        rnk_store_some(g + o, all, lanes);
    }
}

/* Every sixteenth of them. */
RNK_INLINE vreal add_samples(vreal sum, const real *value, int64_t count)
{
    int64_t s = 0;
    for (; s + RNK_LANES <= count; s += RNK_LANES)
        sum = sum + rnk_load_any(value + s);
    return s < count ? sum + rnk_load_some(value + s, count - s) : sum;
}

RNK_INLINE real add_lanes(real all, vreal sum)
{
    for (int i = 0; i < RNK_LANES; i++)
        all += sum[i];
    return all;
}

RNK_API void rnk_row_gradient_of_rows(const RnPass *pass, real *g, int64_t out, const real *delta,
                                      int64_t delta_stride, int64_t add)
{
    for (int64_t o = 0; o < out; o++) {
        vreal sum = {};
        for (int64_t t = 0; t < pass->tile_count; t++)
            sum =
                add_samples(sum, delta + t * delta_stride + o * pass->width, pass->tiles[t].valid);
        g[o] = add_lanes(add ? g[o] : 0, sum);
    }
}

RNK_API void rnk_scalar_gradient(const RnPass *pass, real *g, const real *value, int64_t absolute,
                                 const real *delta, int64_t columns, int64_t scalar, int64_t add)
{
    const real *values = delta + pass->batch * (columns + scalar);
    real sum = add_lanes(0, add_samples((vreal){}, values, pass->batch));
    if (absolute && *value < 0)
        sum = -sum;
    *g = add ? *g + sum : sum;
}
