/* SPDX-License-Identifier: Apache-2.0
 *
 * Grids, power laws, and the table of a sweep whose program is written by hand.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_program.h"
#include "lib/config.h"
#include "lib/fit.h"
#include "lib/sweep.h"
#include "lib/sweep_draws.h"
#include "scratch.h"

#include <float.h>

/* L in [4, 2, 4.2, 8] (whole numbers: 4, 2, 8), lr in linspace(0.1, 0.9, 5) */
static const double depths[] = {4, 2, 4.2, 8};
static const RnAxis axes[] = {{0, RN_GRID_LIST, 4, 0, 0, depths},
                              {1, RN_GRID_LINSPACE, 5, 0.1, 0.9, NULL}};
static const RnMeasure measures[] = {
    {.text = "forward_ratio", .kind = RN_QUANTITY_FORWARD_RATIO},
    {.text = "entry(W, 1, 2)", .kind = RN_QUANTITY_ENTRY},
};
static const int32_t over[] = {-1, -1};
static const RnSweep sweep = {.name = "s",
                              .settings = {.when = 1, .count = 2, .measures = measures},
                              .axes = axes,
                              .over = over,
                              .axis_count = 2,
                              .fit = -1,
                              .plot = {.x = -1, .y = -1, .by = -1, .quantity = -1}};

typedef struct Fixture {
    RnTrain train;
    RnProgram program;
    RtOptions options;
    RtGrid grid;
    RtError error;
} Fixture;

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    f->train = fake_train("t.csv", RN_LOSS_CROSS_ENTROPY);
    f->program = fake_program(&f->train);
    if (!rt_grid_open(&f->grid, &f->program, &sweep, &f->options, true, &f->error))
        abort();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    rt_grid_close(&f->grid);
    free(f);
    return 0;
}

static void test_axes(void **state)
{
    const RtGrid *grid = &((Fixture *)*state)->grid;
    const double whole[] = {4, 2, 8}, rates[] = {0.1, 0.3, 0.5, 0.7, 0.9};
    assert_int_equal(grid->axes[0].count, 3);
    assert_int_equal(grid->axes[1].count, 5);
    for (int i = 0; i < 3; i++)
        assert_true(grid->axes[0].values[i] == whole[i]);
    for (int i = 0; i < 5; i++)
        assert_true(grid->axes[1].values[i] == rates[i]);
    assert_int_equal(grid->cells, 15);
}

/* The last axis runs fastest, and a cell is found again by its values. */
static void test_cells(void **state)
{
    const RtGrid *grid = &((Fixture *)*state)->grid;
    for (int64_t cell = 0; cell < grid->cells; cell++) {
        double values[RT_AXES];
        assert_int_equal(rt_grid_place(grid, cell, 0), cell / 5);
        assert_int_equal(rt_grid_place(grid, cell, 1), cell % 5);
        for (int a = 0; a < 2; a++)
            values[a] = grid->axes[a].values[rt_grid_place(grid, cell, a)];
        assert_int_equal(rt_grid_find(grid, values), cell);
        values[1] += 1e-9;
        assert_int_equal(rt_grid_find(grid, values), -1);
    }
}

/* No tensor's draw depends on a rate, so cells that differ in it alone share their draws. Every
 * cell is a member of one group. */
static void test_groups(void **state)
{
    Fixture *f = *state;
    RnTensor tensors[FAKE_TENSORS];
    memcpy(tensors, fake_tensors, sizeof tensors);
    tensors[FAKE_W].depends = 1; /* its depth is the first param */
    f->program.tensors = tensors;
    rt_grid_close(&f->grid);
    assert_true(rt_grid_open(&f->grid, &f->program, &sweep, &f->options, true, &f->error));
    const RtGrid *grid = &f->grid;
    assert_false(grid->axes[0].shared);
    assert_true(grid->axes[1].shared);
    assert_int_equal(grid->groups, 3);
    int seen[15] = {0};
    for (int64_t g = 0; g < grid->groups; g++)
        for (int64_t m = 0; m < grid->cells / grid->groups; m++) {
            int64_t cell = rt_grid_member(grid, g, m);
            assert_int_equal(rt_grid_group(grid, cell), g);
            seen[cell]++;
        }
    for (int i = 0; i < 15; i++)
        assert_int_equal(seen[i], 1);
    rt_grid_close(&f->grid);
    assert_true(rt_grid_open(&f->grid, &f->program, &sweep, &f->options, false, &f->error));
    assert_int_equal(f->grid.groups, 15);
}

/* Parts are disjoint and make the whole, be they more or fewer than the groups. */
static void test_shards(void **state)
{
    const RtGrid *grid = &((Fixture *)*state)->grid;
    for (int64_t count = 1; count <= 20; count++)
        for (int64_t cell = 0; cell < grid->cells; cell++) {
            int owners = 0;
            for (int64_t i = 0; i < count; i++)
                owners += rt_shard_has(grid, &(RtShard){i, count}, cell);
            assert_int_equal(owners, 1);
        }
}

static void test_pinned_axis(void **state)
{
    Fixture *f = *state;
    const char *sets[] = {"L=7"};
    f->options.sets = sets;
    f->options.set_count = 1;
    rt_grid_close(&f->grid);
    assert_true(rt_grid_open(&f->grid, &f->program, &sweep, &f->options, true, &f->error));
    assert_int_equal(f->grid.axes[0].count, 1);
    assert_true(f->grid.axes[0].values[0] == 7);
    assert_int_equal(f->grid.cells, 5);
}

static void test_geomspace(void **state)
{
    Fixture *f = *state;
    const RnAxis axis = {1, RN_GRID_GEOMSPACE, 4, 1e-3, 1, NULL};
    RnSweep other = sweep;
    other.axes = &axis;
    other.axis_count = 1;
    rt_grid_close(&f->grid);
    assert_true(rt_grid_open(&f->grid, &f->program, &other, &f->options, true, &f->error));
    const double values[] = {1e-3, 1e-2, 1e-1, 1};
    for (int i = 0; i < 4; i++)
        assert_true(f->grid.axes[0].values[i] == values[i]);
}

/* y = 3 x^-0.7 without noise: the slope to rounding. With residuals +e, -2e, +e at equal steps the
 * slope stays, and its error is √(6 e² / 1 / (2 h²)). */
static void test_fit(void **state)
{
    (void)state;
    double x[8], y[8];
    for (int i = 0; i < 8; i++) {
        x[i] = pow(2, i);
        y[i] = 3 * pow(x[i], -0.7);
    }
    RtFit fit = rt_fit_power(x, y, 8);
    /* eight logarithms of at most 5, each with two roundings, over a range of 5 */
    assert_true(fabs(fit.slope + 0.7) < 8 * 2 * 5 * DBL_EPSILON);
    assert_true(fit.error < 8 * 2 * 5 * DBL_EPSILON);
    assert_int_equal(fit.points, 8);

    double e = 0.1, h = log(2);
    const double bent[] = {exp(e), exp(-2 * e), exp(e)};
    fit = rt_fit_power(x, bent, 3);
    assert_true(fabs(fit.slope) < 3 * DBL_EPSILON);
    assert_true(fabs(fit.error - sqrt(6 * e * e / (2 * h * h))) < 10 * DBL_EPSILON);

    const double holes[] = {y[0], (double)NAN, y[2], -1, 0, (double)INFINITY, y[6], y[7]};
    fit = rt_fit_power(x, holes, 8);
    assert_int_equal(fit.points, 4);
    assert_true(fabs(fit.slope + 0.7) < 8 * 2 * 5 * DBL_EPSILON);
    fit = rt_fit_power(x, y, 2);
    assert_true(isnan(fit.error));
    fit = rt_fit_power(x, y, 1);
    assert_true(isnan(fit.slope));
}

static void test_exact_text(void **state)
{
    (void)state;
    char text[RT_NUMBER_TEXT];
    assert_string_equal(rt_exact_text(0.1, text), "0.1");
    assert_string_equal(rt_exact_text(0.1 + 0.2, text), "0.30000000000000004");
    assert_string_equal(rt_exact_text((double)-NAN, text), "nan");
    assert_string_equal(rt_exact_text(-1e6, text), "-1000000");
    uint64_t stream = rn_stream("numbers", 1, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t bits = rn_bits(stream, 0, i);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            assert_true(strtod(rt_exact_text(value, text), NULL) == value);
    }
}

/* What is added comes back from the file; the rows stand in the grid's order. */
static void test_table(void **state)
{
    Fixture *f = *state;
    Scratch scratch = scratch_make();
    char path[256];
    RtRows rows, again;
    scratch_path(&scratch, "s.csv", path);
    assert_true(rt_rows_open(&rows, &f->grid, 4, 17, &f->error));
    assert_true(rt_rows_begin(&rows, path, &f->error));
    const int64_t cells[] = {7, 2, 14};
    for (int i = 0; i < 3; i++) {
        const RtMeasured results[] = {{.mean = 0.1 * i, .error = (double)NAN, .finite = 1},
                                      {.mean = 1e300 / (i + 3), .error = 1e-9, .finite = 4}};
        assert_true(rt_rows_add(&rows, cells[i], results, &f->error));
    }
    /* what is on the disk before the end serves as well as after it */
    for (int ended = 0; ended < 2; ended++) {
        assert_true(rt_rows_open(&again, &f->grid, 4, 17, &f->error));
        assert_true(rt_rows_read(&again, path, &f->error));
        assert_int_equal(again.done, 3);
        double mean[15], error[15];
        int64_t finite[15];
        rt_rows_column(&again, 1, mean, error, finite);
        for (int i = 0; i < 3; i++)
            assert_true(mean[cells[i]] == 1e300 / (i + 3) && error[cells[i]] == 1e-9 &&
                        finite[cells[i]] == 4);
        assert_true(isnan(mean[0]) && finite[0] == 0);
        rt_rows_free(&again);
        if (!ended)
            assert_true(rt_rows_end(&rows, &f->error));
    }
    assert_true(rt_rows_open(&again, &f->grid, 4, 18, &f->error));
    assert_false(rt_rows_read(&again, path, &f->error));
    assert_int_equal(f->error.status, RT_BAD_DATA);
    rt_rows_free(&again);
    rt_rows_free(&rows);
    scratch_remove(&scratch);
}

static void write_text(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Draws of a cell that is not whole come back too, until the cell's row is there. */
static void test_draws(void **state)
{
    Fixture *f = *state;
    Scratch scratch = scratch_make();
    char path[256];
    RtRows rows, again;
    const double values[] = {1.0 / 3, (double)-INFINITY};
    scratch_path(&scratch, "s.csv", path);
    assert_true(rt_rows_open(&rows, &f->grid, 4, 17, &f->error));
    assert_true(rt_rows_begin(&rows, path, &f->error));
    assert_true(rt_draws_open(&rows, 7, &f->error));
    rt_draws_put(&rows, 7, 2, values);
    assert_true(rt_rows_keep(&rows, &f->error));
    assert_true(rt_rows_open(&again, &f->grid, 4, 17, &f->error));
    assert_true(rt_rows_read(&again, path, &f->error));
    assert_int_equal(again.done, 0);
    assert_true(rt_draws_has(&again, 7, 2));
    assert_false(rt_draws_has(&again, 7, 1));
    assert_false(rt_draws_has(&again, 6, 2));
    assert_true(again.parts[7].values[2] == values[0] && again.parts[7].values[4 + 2] == values[1]);
    rt_rows_free(&again);
    const RtMeasured results[2] = {{.finite = 4}, {.finite = 4}};
    assert_true(rt_rows_add(&rows, 7, results, &f->error));
    assert_false(rt_draws_has(&rows, 7, 2));
    assert_true(rt_rows_end(&rows, &f->error));
    static const char *const others[] = {"# cell 15 draw 2: 1 2\n",   "# cell 6 draw 4: 1 2\n",
                                         "# cell 6 draw 2: 1\n",      "# cell 6 draw 2: 1 2 3\n",
                                         "# cell 6 draw 2: 1 0.50\n", "# cell -1 draw 2: 1 2\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(rt_rows_write(&rows, path, &f->error));
        write_text(path, "a", others[i]);
        assert_true(rt_rows_open(&again, &f->grid, 4, 17, &f->error));
        assert_false(rt_rows_read(&again, path, &f->error));
        assert_int_equal(f->error.status, RT_BAD_DATA);
        rt_rows_free(&again);
    }
    rt_rows_free(&rows);
    scratch_remove(&scratch);
}

/* A table of 15 cells of 4 draws: cells 3, 5 and 14 are nan, cells 0 and 1 have 3 and 2 draws. */
static void add_cells(RtRows *rows, RtError *error)
{
    for (int64_t cell = 0; cell < 15; cell++) {
        bool lost = cell == 3 || cell == 5 || cell == 14;
        RtMeasured result = {.mean = lost ? (double)NAN : 1 + (double)cell,
                             .error = (double)NAN,
                             .finite = lost       ? 0
                                       : cell < 2 ? 3 - (int)cell
                                                  : 4};
        const RtMeasured results[] = {result, result};
        assert_true(rt_rows_add(rows, cell, results, error));
    }
}

/* Does the picture that this plot makes of the first quantity have the text? */
static bool picture_says(RtRows *rows, const RtGrid *grid, const char *stem, const char *text)
{
    RtSurface surface;
    RtError error = {0};
    RtFile svg;
    char path[1200];
    rows->grid = grid;
    assert_true(rt_surface_make(&surface, rows, 0, &error));
    assert_true(rt_sweep_plot(rows, &surface, 0, 4, stem, path, &error));
    assert_true(rt_file_read(path, 1 << 20, &svg, &error));
    bool says = strstr((const char *)svg.bytes, text) != NULL;
    rt_file_free(&svg);
    rt_surface_free(&surface);
    return says;
}

/* What a mean or a best is taken without is said where it cannot be seen, with the draws that the
 * means of finite cells lack: 1 + 2 of 12 * 4. */
static void test_left_out(void **state)
{
    Fixture *f = *state;
    Scratch scratch = scratch_make();
    char path[256], stem[256];
    RtRows rows;
    scratch_path(&scratch, "s.csv", path);
    scratch_path(&scratch, "s", stem);
    RnSweep other = sweep;
    RtGrid grid = f->grid;
    grid.sweep = &other;
    assert_true(rt_rows_open(&rows, &grid, 4, 17, &f->error));
    assert_true(rt_rows_begin(&rows, path, &f->error));
    add_cells(&rows, &f->error);
    other.plot = (RnPlot){.kind = RN_PLOT_LINES, .x = 1, .y = -1, .by = 0, .quantity = -1};
    assert_true(picture_says(&rows, &grid, stem, "not shown: 3 points (not finite)"));
    assert_true(picture_says(&rows, &grid, stem, ">left out, not finite: 3 of 48 draws<"));
    other.plot.by = -1;
    const char *averaged = ">mean over L; left out, not finite: 3 of 15 cells, 3 of 48 draws<";
    assert_true(picture_says(&rows, &grid, stem, averaged));
    assert_false(picture_says(&rows, &grid, stem, "not shown"));
    const int32_t over_rate[] = {1, -1};
    other.over = over_rate;
    other.plot.x = 0;
    const char *best = ">left out, not finite: 3 of 15 cells, 3 of 48 draws<";
    assert_true(picture_says(&rows, &grid, stem, best));
    assert_true(rt_rows_end(&rows, &f->error));
    rt_rows_free(&rows);
    scratch_remove(&scratch);
}

/* A cell's values are judged though no weights are there that would have to be drawn again: which
 * core opens its network at which cell is chance. */
static void test_refused_cell(void **state)
{
    Fixture *f = *state;
    static const double values[] = {0.1, -1};
    static const RnParam any_rate[] = {{"L", NULL, 2, 1, 1000, 1, 0},
                                       {"lr", NULL, 0.1, -1, 1, 0, 0}};
    static const RnAxis rates = {1, RN_GRID_LIST, 2, 0, 0, values};
    static const RnSweep refused = {.name = "s",
                                    .settings = {.when = 1,
                                                 .count = 2,
                                                 .data = {.kind = RN_DATA_GAUSSIAN},
                                                 .measures = measures},
                                    .axes = &rates,
                                    .over = over,
                                    .axis_count = 1,
                                    .fit = -1};
    RtGrid grid;
    f->program.params = any_rate;
    assert_true(rt_grid_open(&grid, &f->program, &refused, &f->options, true, &f->error));
    RtSweepRun run = {
        .options = &f->options, .grid = &grid, .loan = {.settings = &refused.settings}};
    RtWorker worker;
    assert_true(rt_worker_open(&worker, &run, &f->error));
    assert_true(rt_worker_visit(&worker, 0, &f->error));
    assert_false(rt_worker_visit(&worker, 1, &f->error));
    assert_int_equal(f->error.status, RT_USAGE);
    assert_string_equal(f->error.text,
                        "the learning rate is -1, but must be at least 0 (with lr = -1)");
    rt_worker_close(&worker);
    rt_grid_close(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_axes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pinned_axis, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_geomspace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_draws, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_cell, set_up, tear_down),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_exact_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
