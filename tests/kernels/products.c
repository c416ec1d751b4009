/* SPDX-License-Identifier: Apache-2.0
 *
 * Products, gradients of weights and transposes against plain loops, over odd shapes.
 */
#include "kernel_test.h"

enum { PACKED = RNK_PACK_REALS + 430 * RNK_PACK_K_REALS };

/* The first five are one of each kind: alone, less than a vector, whole ones, more. */
static const int64_t SIZES[] = {1, 5, 16, 17, 30, 2, 3, 10, 64};
#define SIZE_COUNT OF_SIZES(COUNT(SIZES), 5)
static const int64_t WIDTHS[] = {16, 32, 48, 64, 80};
#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct Sink {
    real *out;
    int64_t width;
    int64_t calls;
} Sink;

static void collect(const void *context, int64_t row, int64_t lane, const vreal *value)
{
    const Sink *sink = context;
    memcpy(sink->out + row * sink->width + lane, value, sizeof *value);
    ((Sink *)(uintptr_t)sink)->calls++;
}

static void collect_all(const void *context, int64_t row, int64_t rows, int64_t lane,
                        int64_t vectors, const vreal *values, int64_t step)
{
    rnk_each(collect, context, row, rows, lane, vectors, values, step);
}

/* x = 2 · from, made by a product's map. */
typedef struct Doubled {
    const real *from;
    real *x;
    int64_t width;
    int64_t calls;
} Doubled;

static void double_lanes(const void *context, int64_t row, int64_t lane, const vreal *zero)
{
    const Doubled *doubled = context;
    int64_t at = row * doubled->width + lane;
    rnk_store(doubled->x + at, 2 * rnk_load(doubled->from + at) + *zero);
    ((Doubled *)(uintptr_t)doubled)->calls++;
}

/* w(r, k) = w[r * row_step + k * k_step] times x; with fused multiply-adds bit for bit, on a matrix
 * unit within fewer roundings. */
static void check_product(const real *w, int64_t row_step, int64_t k_step, int64_t rows,
                          int64_t depth, const real *x, int64_t width, const real *got)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t b = 0; b < width; b++) {
            long double sum = 0, size = 0;
            double chain = 0;
            float chain_float = 0;
            for (int64_t k = 0; k < depth; k++) {
                real a = w[r * row_step + k * k_step], c = x[k * width + b];
                sum += (long double)a * c;
                size += fabsl((long double)a * c);
                chain = fma((double)a, (double)c, chain);
                chain_float = fmaf((float)a, (float)c, chain_float);
            }
            real value = got[r * width + b];
            int on_unit = is_on_unit(rows, depth);
            test_close(value, sum, test_bound(on_unit ? UNIT_STEPS(depth) : depth, size));
            if (FUSED && !on_unit)
                assert_true((double)value == (sizeof(real) == 4 ? (double)chain_float : chain));
        }
}

static void product_shape(int64_t out, int64_t in, int64_t width)
{
    real *w = make_reals(out * in, 1), *x = make_reals(in * width, 2);
    real *y = make_reals(out * width, 3), *d = make_reals(out * width, 4);
    real *back = make_reals(in * width, 5);
    Sink sink = {y, width, 0}, sink_back = {back, width, 0};
    const RnkAhead ahead = {{w, x}, {16, 4096}};
    const RnTile tile = {.packed = make_reals(PACKED, 6)};
    RnkEpilogues *all = out & 1 ? collect_all : NULL;
    rnk_dense(&tile, w, out, in, x, width, &ahead, collect, all, &sink, NULL, NULL);
    assert_true(sink.calls >= out * width / 16);
    check_product(w, 1, out, out, in, x, width, y);
    rnk_dense_back(&tile, w, out, in, d, width, &ahead, collect, all, &sink_back, NULL, NULL, NULL);
    assert_true(sink_back.calls >= in * width / 16);
    check_product(w, out, 1, in, out, d, width, back);
    drop_reals(w, out * in), drop_reals(x, in * width), drop_reals(y, out * width);
    drop_reals(d, out * width), drop_reals(back, in * width);
    drop_reals(tile.packed, PACKED);
}

/* delta[first + sample][column + row] = x[row][sample], of the last row up to a multiple of 16, and
 * nothing else. */
static void check_copy(const RnkCopy *copy, const RnTile *tile, const real *x, int64_t rows,
                       int64_t width, int64_t samples)
{
    int64_t end = (rows + 15) / 16 * 16;
    for (int64_t s = 0; s < samples; s++)
        for (int64_t c = 0; c < copy->columns; c++) {
            real value = copy->delta[s * copy->columns + c];
            int64_t lane = s - tile->first, row = c - copy->column;
            int inside = lane >= 0 && lane < tile->valid;
            if (inside && row >= 0 && row < end)
                assert_true(value == x[(row < rows ? row : rows - 1) * width + lane]);
            else
                assert_true(value == 7);
        }
}

/* What the map reads is what the epilogue writes, where it is as high. Back with a copy, of fewer
 * samples than there are lanes, for the thread itself or for another. */
static void mapped_shape(int64_t out, int64_t in, int64_t width, int back)
{
    int64_t rows = back ? in : out, depth = back ? out : in, high = rows > depth ? rows : depth;
    real *w = make_reals(out * in, 1), *from = make_reals(high * width, 2);
    real *x = make_reals(depth * width, 3), *twice = make_reals(depth * width, 4);
    for (int64_t i = 0; i < depth * width; i++)
        twice[i] = 2 * from[i], x[i] = (real)NAN;
    Sink sink = {from, width, 0};
    Doubled doubled = {from, x, width, 0};
    const RnkAhead ahead = {{NULL}, {0}};
    enum { COLUMN = 16, MORE = 3 };
    RnkEpilogues *all = in & 1 ? collect_all : NULL;
    int64_t samples = width + MORE, columns = COLUMN + (depth + 15) / 16 * 16 + 16;
    int64_t copied = width > 16 ? samples * columns : 0; /* else there is no delta */
    int64_t valid = width > 32 ? width - 20 : width - 1;
    real *delta = make_reals(copied, 5);
    const RnTile tile = {.first = 2, .valid = valid, .own = {(uintptr_t)delta, out & 2}};
    const RnkCopy copy = {x, depth, width, copied ? delta : NULL, columns, COLUMN};
    for (int64_t i = 0; i < copied; i++)
        delta[i] = 7;
    if (back)
        rnk_dense_back(&tile, w, out, in, x, width, &ahead, collect, all, &sink, double_lanes,
                       &doubled, &copy);
    else
        rnk_dense(&tile, w, out, in, x, width, &ahead, collect, all, &sink, double_lanes, &doubled);
    if (back && copied)
        check_copy(&copy, &tile, twice, depth, width, samples);
    assert_int_equal(doubled.calls, depth * width / 16);
    check_product(w, back ? out : 1, back ? 1 : out, rows, depth, twice, width, from);
    drop_reals(w, out * in), drop_reals(from, high * width);
    drop_reals(x, depth * width), drop_reals(twice, depth * width), drop_reals(delta, copied);
}

static void test_mapped(void **state)
{
    (void)state;
    for (size_t o = 0; o < SIZE_COUNT; o++)
        for (size_t i = 0; i < SIZE_COUNT; i++)
            mapped_shape(SIZES[o], SIZES[i], WIDTHS[(o + i) % COUNT(WIDTHS)], (o + i) % 3 != 0);
    for (size_t w = 0; w < COUNT(WIDTHS); w++) {
        mapped_shape(17, 30, WIDTHS[w], 0);
        mapped_shape(40, 130, WIDTHS[w], 1);
    }
}

static void test_dense(void **state)
{
    (void)state;
    for (size_t o = 0; o < SIZE_COUNT; o++)
        for (size_t i = 0; i < SIZE_COUNT; i++)
            product_shape(SIZES[o], SIZES[i], WIDTHS[(o + i) % COUNT(WIDTHS)]);
    for (size_t w = 0; w < COUNT(WIDTHS); w++)
        product_shape(17, 30, WIDTHS[w]);
    /* wide ones, of which copies are made: in one block of k, in several, in several panels */
    product_shape(130, 30, OF_SIZES(80, 16));
    product_shape(128, 128, OF_SIZES(64, 16));
    product_shape(150, 131, OF_SIZES(96, 16));
    product_shape(OF_SIZES(200, 130), 400, OF_SIZES(64, 16));
    product_shape(OF_SIZES(RNK_MATRIX_UNIT ? 580 : 430, 300), OF_SIZES(193, 130), OF_SIZES(32, 16));
    product_shape(OF_SIZES(140, 130), OF_SIZES(135, 17), 272);
}

enum { FAR_OUT = 130, FAR_IN = 160, FAR_WIDTH = 32 };

/* A wide product with lanes of `x` for the tenth lane. */
static void far_product(const real *w, real *x, const real *lane, real *y)
{
    const RnkAhead ahead = {{NULL}, {0}};
    const RnTile tile = {.packed = make_reals(PACKED, 6)};
    Sink sink = {y, FAR_WIDTH, 0};
    for (int64_t k = 0; k < FAR_IN; k++)
        x[k * FAR_WIDTH + 10] = lane[k];
    rnk_dense(&tile, w, FAR_OUT, FAR_IN, x, FAR_WIDTH, &ahead, collect, NULL, &sink, NULL, NULL);
    drop_reals(tile.packed, PACKED);
}

/* Reals from the least up to 1 beside each other: no error but of rounding, and of numbers below
 * 2^-126 that count as zero. */
static void tiny_values(const real *w, real *x, real *y, int binades)
{
    const int places = sizeof(real) == 4 ? 23 : 52;
    const long double least = sizeof(real) == 4 ? 0x1p-126L : 0x1p-1022L;
    real lane[FAR_IN];
    uint64_t state = (uint64_t)binades;
    for (int64_t k = 0; k < FAR_IN; k++) {
        int shift = (int)(fabs(test_uniform(&state)) * binades);
        lane[k] = (real)ldexp(test_uniform(&state), -shift) + (real)ldexp((double)least, -places);
    }
    far_product(w, x, lane, y);
    for (int64_t r = 0; r < FAR_OUT; r++) {
        long double sum = 0, size = 0;
        for (int64_t k = 0; k < FAR_IN; k++) {
            sum += (long double)w[k * FAR_OUT + r] * lane[k];
            size += fabsl((long double)w[k * FAR_OUT + r] * lane[k]);
        }
        /* of a third and a product each, of six products */
        test_close(y[r * FAR_WIDTH + 10], sum, test_bound(FAR_IN, size) + 12 * FAR_IN * least);
    }
}

/* What is not finite stays so, and in its lane. */
static void wild_value(const real *w, real *x, real *y, const real *tame, real wild)
{
    real lane[FAR_IN];
    for (int64_t k = 0; k < FAR_IN; k++)
        lane[k] = k == 77 ? wild : x[k * FAR_WIDTH];
    far_product(w, x, lane, y);
    for (int64_t c = 0; c < FAR_OUT * FAR_WIDTH; c++)
        assert_true(c % FAR_WIDTH == 10 ? !isfinite(y[c]) : y[c] == tame[c]);
}

static void test_far(void **state)
{
    (void)state;
    const int cells = FAR_OUT * FAR_WIDTH, every = sizeof(real) == 4 ? 149 : 1074;
    real *w = make_reals(FAR_OUT * FAR_IN, 1), *x = make_reals(FAR_IN * FAR_WIDTH, 2);
    real *y = make_reals(cells, 3), *tame = make_reals(cells, 4);
    for (int binades = every; binades > 1; binades -= every / 5)
        tiny_values(w, x, y, binades);
    memcpy(tame, y, (size_t)cells * sizeof *y);
    wild_value(w, x, y, tame, (real)NAN);
    wild_value(w, x, y, tame, (real)INFINITY);
    wild_value(w, x, y, tame, -(real)INFINITY);
    drop_reals(w, FAR_OUT * FAR_IN), drop_reals(x, FAR_IN * FAR_WIDTH);
    drop_reals(y, cells), drop_reals(tame, cells);
}

static void test_map(void **state)
{
    (void)state;
    real *y = make_reals(5 * 48, 1);
    Sink sink = {y, 48, 0};
    rnk_map(5, 48, collect, &sink);
    assert_int_equal(sink.calls, 15);
    for (int i = 0; i < 5 * 48; i++)
        assert_true(y[i] == 0);
    drop_reals(y, 5 * 48);
}

typedef struct Gradient {
    int64_t in, out, groups, batch, width, add;
} Gradient;

/* One entry of the gradient from x [tile][group·in][width] and delta [sample][column + group·out].
 */
static void check_entry(const Gradient *s, const real *x, const real *delta, int64_t columns,
                        int64_t i, int64_t o, real factor, real before, real got)
{
    long double sum = 0, size = 0;
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t g = 0; g < s->groups; g++) {
            int64_t tile = b / s->width, lane = b % s->width;
            long double a = x ? x[((tile * s->groups + g) * s->in + i) * s->width + lane] : 1;
            long double c = delta[b * columns + g * s->out + o];
            sum += a * c;
            size += fabsl(a * c);
        }
    if (s->add)
        sum += before, size += fabsl((long double)before);
    sum *= factor, size *= fabsl((long double)factor);
    int64_t tiles = (s->batch + s->width - 1) / s->width; /* a block of them ends with a step */
    int64_t on_unit = x && s->groups == 1 && is_on_unit(s->in, s->out);
    int64_t terms = on_unit ? UNIT_STEPS(s->batch) + 6 * tiles : s->batch * s->groups;
    test_close(got, sum, test_bound(terms + 2, size));
}

/* The pass of a network of one tensor, whose gradient goes to g; what is fetched ahead of an update
 * is g too. New weights of two threads, not of one, go past the caches. */
static RnPass pass_of(const RnPass *pass, real **g, RnOptimizerKind kind, int threads)
{
    static const RnParallel two = {.threads = 2};
    static const RnCall calls[] = {{.parallel = NULL}, {.parallel = &two}};
    static RnTrain train;
    static const RnProgram program = {.train = &train};
    train.optimizer.kind = kind;
    RnPass with = *pass;
    with.call = &calls[threads - 1];
    with.program = &program;
    with.tensor = with.gradient = with.moment[0] = with.moment[1] = g;
    with.copies = make_reals(PACKED, 7);
    with.copy_count = with.sums = with.fused = 1;
    return with;
}

/* What a gradient is made from; columns 0: deltas as rows [tile][out][width]. */
typedef struct Sources {
    const real *x, *delta;
    int64_t stride, columns, column;
    real factor; /* of columns */
    real *rows;  /* sums of the deltas alone, if not NULL */
} Sources;

static void gradient_of(const RnPass *with, const Gradient *s, const Sources *from)
{
    if (from->columns)
        rnk_weight_gradient(with, 0, 0, s->in, s->out, s->groups, from->x, from->stride,
                            from->delta, from->columns, from->column, s->add, from->factor,
                            from->rows != NULL, from->rows, from->x, from->delta);
    else
        rnk_weight_gradient_of_rows(with, 0, 0, s->in, s->out, from->x, from->stride, from->delta,
                                    s->out * s->width, s->add);
    drop_reals(with->copies, PACKED);
}

static void weight_gradient(const RnPass *pass, real *g, const Gradient *s, const Sources *from)
{
    RnPass with = pass_of(pass, &g, RN_OPTIMIZER_ADAM, 1);
    gradient_of(&with, s, from);
}

/* Descent in place of the gradient g. */
static void check_descent(const RnPass *pass, const Gradient *s, const Sources *from, const real *g,
                          int threads)
{
    int64_t cells = s->in * s->out;
    real *w = make_reals(cells, 5), *before = make_reals(cells, 5), *sums = make_reals(cells, 6);
    RnRule rule = {.rate = (real)0.25, .decay = (real)0.125};
    RnPass with = pass_of(pass, &w, RN_OPTIMIZER_SGD, threads);
    with.rules = &rule;
    with.gradient = &sums;
    real *row = from->rows ? make_reals(s->out, 4) : NULL;
    Sources again = *from;
    again.rows = row;
    gradient_of(&with, s, &again);
    assert_true(rule.descended);
    assert_true(!row || memcmp(row, from->rows, (size_t)s->out * sizeof *row) == 0);
    for (int64_t c = 0; c < cells; c++) {
        real decayed = rule.decay * before[c], sum = g[c] + decayed, step = rule.rate * sum;
        assert_true(w[c] == before[c] - step);
    }
    drop_reals(w, cells), drop_reals(before, cells), drop_reals(sums, cells);
    if (row)
        drop_reals(row, s->out);
}

/* Deltas as rows: the same bits as from [sample][column]. */
static void rows_shape(Gradient s)
{
    const RnPass *pass = test_pass(s.batch, s.width);
    int64_t stride = s.in * s.width, step = s.out * s.width, cells = s.in * s.out;
    real *x = make_reals(stride * pass->tile_count, 1), *before = make_reals(s.out, 4);
    real *delta = make_reals(s.batch * s.out, 2), *rows = make_reals(step * pass->tile_count, 8);
    real *g = make_reals(cells, 3), *got = make_reals(cells, 3), *sums = make_reals(s.out, 4);
    for (int64_t b = 0; b < s.batch; b++)
        for (int64_t o = 0; o < s.out; o++)
            rows[(b / s.width * s.out + o) * s.width + b % s.width] = delta[b * s.out + o];
    const Sources from = {x, rows, .stride = stride};
    weight_gradient(
        pass, g, &s,
        &(Sources){.x = x, .delta = delta, .stride = stride, .columns = s.out, .factor = 1});
    weight_gradient(pass, got, &s, &from);
    assert_memory_equal(g, got, (size_t)cells * sizeof *g);
    rnk_row_gradient_of_rows(pass, sums, s.out, rows, step, s.add);
    for (int64_t o = 0; o < s.out; o++)
        check_entry(&s, NULL, delta, s.out, 0, o, 1, before[o], sums[o]);
    for (int threads = 1; !s.add && threads <= 2; threads++)
        check_descent(pass, &s, &from, g, threads);
    drop_reals(x, stride * pass->tile_count), drop_reals(delta, s.batch * s.out);
    drop_reals(rows, step * pass->tile_count), drop_reals(g, cells), drop_reals(got, cells);
    drop_reals(sums, s.out), drop_reals(before, s.out);
}

static void gradient_shape(Gradient s)
{
    const RnPass *pass = test_pass(s.batch, s.width);
    int64_t column = 3, columns = column + s.groups * s.out + 2;
    int64_t stride = s.groups * s.in * s.width, cells = s.in * s.out;
    real *x = make_reals(stride * pass->tile_count, 1);
    real *delta = make_reals(s.batch * columns, 2);
    real *g = make_reals(cells, 3), *before = make_reals(cells, 3);
    real *row = make_reals(s.out, 4), *row_before = make_reals(s.out, 4);
    real *both = make_reals(s.out, 4);
    int wide = s.in >= RN_WIDE_FROM && s.out >= RN_WIDE_FROM && s.groups == 1;
    const Sources from = {.x = x,
                          .delta = delta,
                          .stride = stride,
                          .columns = columns,
                          .column = column,
                          .factor = s.add ? 1 : (real)0.7,
                          .rows = wide ? NULL : both};
    weight_gradient(pass, g, &s, &from);
    rnk_row_gradient(pass, row, s.out, s.groups, delta, columns, column, s.add, from.factor);
    for (int64_t c = 0; c < cells; c++)
        check_entry(&s, x, delta + column, columns, c / s.out, c % s.out, from.factor, before[c],
                    g[c]);
    for (int64_t o = 0; o < s.out; o++)
        check_entry(&s, NULL, delta + column, columns, 0, o, from.factor, row_before[o], row[o]);
    for (int64_t o = 0; !wide && o < s.out; o++)
        check_entry(&s, NULL, delta + column, columns, 0, o, from.factor, row_before[o], both[o]);
    for (int threads = 1; !s.add && threads <= 2; threads++)
        check_descent(pass, &s, &from, g, threads);
    drop_reals(x, stride * pass->tile_count), drop_reals(delta, s.batch * columns);
    drop_reals(g, cells), drop_reals(before, cells);
    drop_reals(row, s.out), drop_reals(row_before, s.out), drop_reals(both, s.out);
}

static void test_gradients(void **state)
{
    (void)state;
    for (size_t o = 0; o < SIZE_COUNT; o++)
        for (size_t i = 0; i < SIZE_COUNT; i++)
            gradient_shape(
                (Gradient){SIZES[i], SIZES[o], 1 + (int64_t)(o % 3), 37, 16, (int64_t)(i & 1)});
    gradient_shape((Gradient){7, 70, 1, 200, 64, 0});
    gradient_shape((Gradient){13, 130, 2, 1, 16, 1});
    gradient_shape((Gradient){9, 150, 1, 100, 64, 1});
    gradient_shape((Gradient){9, 70, 1, 200, 64, 1});
    gradient_shape((Gradient){9, 128, 1, 200, 208, 0});
    /* from copies: in one block of samples, in several, in several panels and blocks of outputs */
    gradient_shape((Gradient){OF_SIZES(128, 16), 128, 1, 64, 64, 0});
    gradient_shape((Gradient){OF_SIZES(150, 17), 131, 1, 100, 32, 1});
    gradient_shape((Gradient){OF_SIZES(200, 7), 300, 1, 270, 272, 0});
    gradient_shape((Gradient){OF_SIZES(160, 17), 144, 2, 20, 32, 0});
    /* several tiles a block: two, then one and a part; five, then a part of one */
    gradient_shape((Gradient){OF_SIZES(150, 17), 131, 1, 300, 96, 0});
    gradient_shape((Gradient){OF_SIZES(130, 17), 140, 1, 250, 48, 1});
    gradient_shape((Gradient){OF_SIZES(150, 17), 131, 1, 300, 128, 1}); /* k in parts of a tile */
}

static void test_rows(void **state)
{
    (void)state;
    rows_shape((Gradient){128, 128, 1, 64, 64, 0});
    rows_shape((Gradient){150, 131, 1, 100, 32, 1});
    rows_shape((Gradient){OF_SIZES(200, 130), 300, 1, 270, 272, 0});
    rows_shape((Gradient){129, 150, 1, 90, 32, 0});
    rows_shape((Gradient){129, 150, 1, 300, 96, 0}); /* blocks of more tiles than one */
    rows_shape((Gradient){131, 133, 1, 250, 48, 1});
    rows_shape((Gradient){129, 150, 1, 300, 128, 0});
    rows_shape((Gradient){OF_SIZES(700, 130), 145, 1, 33, 48, 0}); /* larger than what stays */
}

/* The bits must not depend on how the batch is cut into tiles. */
static void check_tiles(int64_t in, int64_t out, int64_t batch, const int64_t *widths, int count)
{
    int wide = rnk_is_wide(in) && rnk_is_wide(out);
    int64_t cells = in * out;
    real *delta = make_reals(batch * out, 1), *sample = make_reals(batch * in, 2);
    real *g[2] = {make_reals(cells, 3), make_reals(cells, 3)};
    real *rows[2] = {make_reals(out, 4), make_reals(out, 4)};
    for (int n = 0; n < count; n++) {
        int64_t width = widths[n];
        const RnPass *pass = test_pass(batch, width);
        int64_t lanes = pass->tile_count * in * width;
        real *x = make_reals(lanes, 4);
        for (int64_t b = 0; b < batch; b++)
            for (int64_t i = 0; i < in; i++)
                x[(b / width * in + i) * width + b % width] = sample[b * in + i];
        const Gradient shape = {in, out, 1, batch, width, 0};
        const Sources from = {.x = x,
                              .delta = delta,
                              .stride = in * width,
                              .columns = out,
                              .factor = 1,
                              .rows = wide ? NULL : rows[n > 0]};
        weight_gradient(pass, g[n > 0], &shape, &from);
        assert_true(n == 0 || memcmp(g[0], g[1], (size_t)cells * sizeof *g[0]) == 0);
        assert_true(n == 0 || memcmp(rows[0], rows[1], (size_t)out * sizeof *rows[0]) == 0);
        drop_reals(x, lanes);
    }
    drop_reals(delta, batch * out), drop_reals(sample, batch * in);
    for (int i = 0; i < 2; i++)
        drop_reals(g[i], cells), drop_reals(rows[i], out);
}

static void test_tiles(void **state)
{
    (void)state;
    static const int64_t narrow[] = {16, 48, 80, 112}, wide[] = {272, 32, 96, 112, 128};
    static const int64_t unit[] = {288, 32, 96, 160, 128}; /* whole steps of k */
    check_tiles(10, 30, 100, narrow, 4);
    check_tiles(129, 131, 270, RNK_MATRIX_UNIT ? unit : wide, 5);
}

/* Behind four columns of 21 samples, the third scalar. */
static void test_scalar(void **state)
{
    (void)state;
    enum { BATCH = 21, COLUMNS = 4, SCALAR = 2, CELLS = BATCH * (COLUMNS + SCALAR + 1) };
    const RnPass *pass = test_pass(BATCH, 16);
    real *delta = make_reals(CELLS, 1);
    long double sum = 0, size = 0;
    for (int b = 0; b < BATCH; b++) {
        sum += delta[BATCH * (COLUMNS + SCALAR) + b];
        size += fabsl((long double)delta[BATCH * (COLUMNS + SCALAR) + b]);
    }
    real values[] = {-1, 0, 2};
    for (int i = 0; i < 3; i++)
        for (int absolute = 0; absolute < 2; absolute++) {
            real g = 5, sign = absolute && values[i] < 0 ? -1 : 1;
            rnk_scalar_gradient(pass, &g, &values[i], absolute, delta, COLUMNS, SCALAR, 0);
            test_close(g, sign * sum, test_bound(BATCH, size));
            real twice = g;
            rnk_scalar_gradient(pass, &twice, &values[i], absolute, delta, COLUMNS, SCALAR, 1);
            assert_true(twice == g + g);
        }
    drop_reals(delta, CELLS);
}

/* `padded`: columns behind the last row are that row's, up to whole vectors. */
static void transpose_shape(int64_t rows, int64_t batch, int64_t width, int padded)
{
    const RnPass *pass = test_pass(batch, width);
    int64_t wide = padded ? (rows + 15) / 16 * 16 : rows, column = padded ? 16 : 2;
    int64_t columns = column + wide + (padded ? 32 : 3), cells = batch * columns;
    real *a = make_reals(rows * width, 1), *delta = make_reals(cells, 3);
    real *before = make_reals(cells, 3);
    const RnTile *tile = &pass->tiles[pass->tile_count - 1];
    (padded ? rnk_transpose_padded : rnk_transpose)(tile, a, rows, width, delta, columns, column);
    for (int64_t s = 0; s < batch; s++)
        for (int64_t c = 0; c < columns; c++) {
            int64_t lane = s - tile->first;
            int64_t row = c - column < rows ? c - column : rows - 1;
            int outside = lane < 0 || c < column || c >= column + wide;
            assert_true(delta[s * columns + c] ==
                        (outside ? before[s * columns + c] : a[row * width + lane]));
        }
    drop_reals(a, rows * width), drop_reals(delta, cells), drop_reals(before, cells);
}

/* The second of three scalars, behind one column. */
static void dot_shape(int64_t rows, int64_t batch, int64_t width)
{
    const RnPass *pass = test_pass(batch, width);
    real *a = make_reals(rows * width, 1), *b = make_reals(rows * width, 2);
    real *delta = make_reals(4 * batch, 3), *before = make_reals(4 * batch, 3);
    const RnTile *tile = &pass->tiles[pass->tile_count - 1];
    rnk_dot(pass, tile, a, b, rows, width, delta, 1, 1);
    for (int64_t i = 0; i < 4 * batch; i++) {
        int64_t lane = i - 2 * batch - tile->first;
        long double sum = 0, size = 0;
        if (lane < 0 || lane >= tile->valid) {
            assert_true(delta[i] == before[i]);
            continue;
        }
        for (int64_t r = 0; r < rows; r++) {
            sum += (long double)a[r * width + lane] * b[r * width + lane];
            size += fabsl((long double)a[r * width + lane] * b[r * width + lane]);
        }
        test_close(delta[i], sum, test_bound(rows, size));
    }
    drop_reals(a, rows * width), drop_reals(b, rows * width);
    drop_reals(delta, 4 * batch), drop_reals(before, 4 * batch);
}

static void test_transposes(void **state)
{
    (void)state;
    for (size_t r = 0; r < SIZE_COUNT; r++)
        for (size_t w = 0; w < COUNT(WIDTHS); w++) {
            for (int64_t batch = WIDTHS[w]; batch <= WIDTHS[w] + 7; batch += 7) {
                transpose_shape(SIZES[r], batch, WIDTHS[w], 0);
                transpose_shape(SIZES[r], batch, WIDTHS[w], 1);
                dot_shape(SIZES[r], batch, WIDTHS[w]);
            }
        }
}

/* Packing is the inverse of the transpose; lanes behind the last sample repeat it. */
static void test_pack(void **state)
{
    (void)state;
    for (size_t r = 0; r < SIZE_COUNT; r++) {
        int64_t rows = SIZES[r], batch = 41, width = 32;
        const RnPass *pass = test_pass(batch, width);
        real *x = make_reals(batch * rows, 1), *packed = make_reals(rows * width, 2);
        rn_pack(&pass->tiles[1], x, rows, packed);
        for (int64_t c = 0; c < rows * width; c++) {
            int64_t sample = 32 + c % width < batch ? 32 + c % width : batch - 1;
            assert_true(packed[c] == x[sample * rows + c / width]);
        }
        drop_reals(x, batch * rows), drop_reals(packed, rows * width);
    }
}

int test_products_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),  cmocka_unit_test(test_mapped),
        cmocka_unit_test(test_map),    cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_scalar), cmocka_unit_test(test_transposes),
        cmocka_unit_test(test_pack),   cmocka_unit_test(test_far),
    };
    return cmocka_run_group_tests_name("products", tests, NULL, NULL);
}
