/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels for one sample alone give the bits of a lane of a tile, and read no weight that is
 * not there: tensors end where memory does.
 */
#define _GNU_SOURCE
#include "kernel_test.h"

enum { PACKED = RNK_PACK_REALS + 430 * RNK_PACK_K_REALS };

#include <sys/mman.h>
#include <unistd.h>

static const int64_t SIZES[] = {1, 2, 5, 15, 16, 17, 30, 64, 100, 130, 200};
enum { WIDTH = 32 }; /* of a tile: products of wide layers take no less at once */
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Reals whose end is that of a mapped page. */
typedef struct Edge {
    char *pages;
    size_t size;
    real *values;
} Edge;

static Edge make_edge(int64_t n, uint64_t seed)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)n * sizeof(real);
    Edge edge = {.size = (bytes + page - 1) / page * page + page};
    edge.pages = mmap(NULL, edge.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(edge.pages != MAP_FAILED);
    assert_int_equal(mprotect(edge.pages + edge.size - page, page, PROT_NONE), 0);
    edge.values = (real *)(void *)(edge.pages + edge.size - page - bytes);
    real *values = make_reals(n, seed);
    memcpy(edge.values, values, bytes);
    drop_reals(values, n);
    return edge;
}

static void drop_edge(Edge *edge)
{
    assert_int_equal(munmap(edge->pages, edge->size), 0);
}

typedef struct Sink {
    real *out;
    int64_t width;
} Sink;

static void collect(const void *context, int64_t row, int64_t lane, const vreal *value)
{
    const Sink *sink = context;
    memcpy(sink->out + row * sink->width + lane, value, sizeof *value);
}

/* rows values in every lane of a tile, and one behind the other with anything behind them. */
static void make_value(int64_t rows, real **tile, real **one)
{
    *one = make_reals(rows + RNK_LANES, 2);
    *tile = make_reals(rows * WIDTH, 3);
    for (int64_t c = 0; c < rows * WIDTH; c++)
        (*tile)[c] = (*one)[c / WIDTH];
    for (int64_t r = rows; r < rows + RNK_LANES; r++)
        (*one)[r] = (real)NAN;
}

static void require_same(const real *tile, const real *one, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t lane = 0; lane < WIDTH; lane++)
            assert_memory_equal(&tile[r * WIDTH + lane], &one[r], sizeof *one);
}

static void product_shape(int64_t out, int64_t in)
{
    if (is_on_unit(out, in)) /* none is made for one sample */
        return;
    Edge w = make_edge(in * out, 1);
    real *x, *x_one, *y = make_reals(out * WIDTH, 4), *y_one = make_reals(out + RNK_LANES, 5);
    make_value(in, &x, &x_one);
    const Sink sink = {y, WIDTH}, sink_one = {y_one, 1};
    const RnkAhead ahead = {{NULL}, {0}};
    const RnTile tile = {.packed = make_reals(PACKED, 6)};
    rnk_dense(&tile, w.values, out, in, x, WIDTH, &ahead, collect, NULL, &sink, NULL, NULL);
    rnk_dense_one(w.values, out, in, x_one, collect, &sink_one, in & 1);
    require_same(y, y_one, out);
    drop_edge(&w);
    drop_reals(x, in * WIDTH), drop_reals(x_one, in + RNK_LANES);
    drop_reals(y, out * WIDTH), drop_reals(y_one, out + RNK_LANES);
    drop_reals(tile.packed, PACKED);
}

static void test_product(void **state)
{
    (void)state;
    for (size_t o = 0; o < COUNT(SIZES); o++)
        for (size_t i = 0; i < COUNT(SIZES); i++)
            product_shape(SIZES[o], SIZES[i]);
    product_shape(430, 193);
}

static void test_of_rows(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(SIZES); s++) {
        int64_t n = SIZES[s];
        Edge values = make_edge(n, 1);
        for (int64_t row = 0; row < n; row += RNK_LANES) {
            vreal y;
            rnk_of_rows(&y, values.values, row, n);
            for (int64_t l = 0; l < RNK_LANES; l++)
                assert_true(y[l] == (row + l < n ? values.values[row + l] : 0));
        }
        drop_edge(&values);
    }
}

static void test_standardize(void **state)
{
    (void)state;
    const RnPass *pass = test_pass(1, WIDTH);
    for (size_t s = 0; s < COUNT(SIZES); s++) {
        int64_t n = SIZES[s];
        Edge mean = make_edge(n, 1), inverse = make_edge(n, 7);
        real *x, *x_one, *y = make_reals(n * WIDTH, 4), *y_one = make_reals(n + RNK_LANES, 5);
        make_value(n, &x, &x_one);
        rnk_standardize(pass, pass->tiles, x, y, n, WIDTH, mean.values, inverse.values);
        rnk_standardize_one(x_one, y_one, n, mean.values, inverse.values);
        require_same(y, y_one, n);
        drop_edge(&mean), drop_edge(&inverse);
        drop_reals(x, n * WIDTH), drop_reals(x_one, n + RNK_LANES);
        drop_reals(y, n * WIDTH), drop_reals(y_one, n + RNK_LANES);
    }
}

int test_single_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_of_rows),
        cmocka_unit_test(test_standardize),
    };
    return cmocka_run_group_tests_name("single", tests, NULL, NULL);
}
