/* SPDX-License-Identifier: Apache-2.0
 *
 * The run: cells in pieces of a group, a unit of work for each piece and draw, units on all cores.
 * Values are put in their places by draw, and a row is written when all of its draws are there; so
 * rows depend neither on the number of cores nor on who was first.
 */
#include "lib/config.h"
#include "lib/pool.h"
#include "lib/signals.h"
#include "lib/sweep.h"
#include "lib/sweep_draws.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNITS_A_CORE = 8, MOST_MEMBERS = 256 };
/* Between two writings of draws whose cells are not finished: what a sudden end may cost. Large
 * tables are written less often, for at most a twentieth of the time. */
static const double seconds_between_tables = 20, times_between_tables = 20;

/* Cells of one group that are wanted. */
typedef struct Piece {
    int64_t *cells;
    int64_t count, left; /* left: draws that are not there yet */
} Piece;

typedef struct Run {
    RtSweepRun *plan;
    Piece *pieces;
    int64_t piece_count, units;
    int quantities;
    RtWorker *workers;
    int worker_count;
    _Atomic int64_t next;
    _Atomic int stop;
    pthread_mutex_t mutex; /* of what follows and the rows */
    RtError error;         /* the first one */
    bool failed, terminal;
    double start, shown;      /* seconds */
    double next_table;        /* when the table is written again with all draws */
    double work, work_done;   /* in reals of weights */
    int64_t wanted, finished; /* cells */
} Run;

bool rt_shard_has(const RtGrid *grid, const RtShard *shard, int64_t cell)
{
    if (shard->count < 2)
        return true;
    bool by_group = grid->groups >= shard->count;
    return (by_group ? rt_grid_group(grid, cell) : cell) % shard->count == shard->index;
}

/* ---- pieces ---- */

bool rt_sweep_wants(const RtSweepRun *plan, int64_t cell)
{
    return !plan->rows->text[cell] && rt_shard_has(plan->grid, &plan->shard, cell);
}

/* Large pieces share more; but there are to be several units for each core. */
static int64_t piece_size(const Run *run)
{
    const RtGrid *grid = run->plan->grid;
    int64_t members = grid->cells / grid->groups, size = members;
    double wanted = (double)UNITS_A_CORE * run->worker_count;
    double whole = (double)grid->groups * (double)run->plan->draws;
    while (size > 1 &&
           (size > MOST_MEMBERS || whole * (double)((members + size - 1) / size) < wanted))
        size = (size + 1) / 2;
    return size;
}

static bool add_piece(Run *run, int64_t group, int64_t from, int64_t to)
{
    const RtSweepRun *plan = run->plan;
    Piece piece = {.cells = calloc((size_t)(to - from), sizeof *piece.cells), .left = plan->draws};
    if (!piece.cells)
        return false;
    for (int64_t m = from; m < to; m++) {
        int64_t cell = rt_grid_member(plan->grid, group, m);
        if (rt_sweep_wants(plan, cell))
            piece.cells[piece.count++] = cell;
    }
    if (!piece.count) {
        free(piece.cells);
        return true;
    }
    run->wanted += piece.count;
    run->pieces[run->piece_count++] = piece;
    return true;
}

static bool make_pieces(Run *run, RtError *error)
{
    const RtGrid *grid = run->plan->grid;
    int64_t members = grid->cells / grid->groups, size = piece_size(run);
    int64_t each = (members + size - 1) / size;
    run->pieces = calloc((size_t)(grid->groups * each) + 1, sizeof *run->pieces);
    bool good = run->pieces != NULL;
    for (int64_t g = 0; good && g < grid->groups; g++)
        for (int64_t from = 0; good && from < members; from += size)
            good = add_piece(run, g, from, from + size < members ? from + size : members);
    if (__builtin_mul_overflow(run->piece_count, run->plan->draws, &run->units))
        return rt_fail(error, RT_USAGE, "the number of draws overflows");
    return good ||
           rt_fail(error, RT_FAILED, "out of memory for %lld cells", (long long)grid->cells);
}

/* ---- progress ---- */

static void show_progress(Run *run, bool last)
{
    const RtOptions *options = run->plan->options;
    double now = rt_seconds(), done = run->work_done / run->work;
    bool due = now - run->shown >= (run->terminal ? 0.1 : 10);
    if (options->quiet || options->json || (!due && !last))
        return;
    run->shown = now;
    char left[40] = "";
    if (done > 0 && !last)
        rt_time_text((now - run->start) / done * (1 - done), left);
    printf("%s%s: %lld of %lld cells%s%s%s%s", run->terminal ? "\r" : "",
           run->plan->grid->sweep->name, (long long)run->finished, (long long)run->wanted,
           *left ? "  " : "", left, *left ? " left" : "", run->terminal ? "          " : "");
    if (!run->terminal || last)
        printf("\n");
    fflush(stdout);
}

/* ---- units ---- */

static void fail(Run *run, const RtError *error)
{
    pthread_mutex_lock(&run->mutex);
    if (!run->failed)
        run->error = *error;
    run->failed = true;
    pthread_mutex_unlock(&run->mutex);
    atomic_store(&run->stop, 1);
}

static bool write_cell(Run *run, const Piece *piece, int64_t at, RtMeasured *results,
                       RtError *error)
{
    int64_t draws = run->plan->draws;
    for (int i = 0; i < run->quantities; i++) {
        /* each value is put where it stands already */
        double *values = run->plan->rows->parts[piece->cells[at]].values;
        results[i] = (RtMeasured){.values = values + i * draws};
        for (int64_t d = 0; d < draws; d++)
            rt_measured_add(&results[i], results[i].values[d]);
        rt_measured_finish(&results[i]);
    }
    return rt_rows_add(run->plan->rows, piece->cells[at], results, error);
}

static bool write_piece(Run *run, Piece *piece, RtError *error)
{
    RtMeasured *results = calloc((size_t)run->quantities + 1, sizeof *results);
    bool good = results || rt_fail(error, RT_FAILED, "out of memory for the results");
    for (int64_t i = 0; good && i < piece->count; i++)
        good = write_cell(run, piece, i, results, error);
    run->finished += good ? piece->count : 0;
    free(results);
    return good;
}

static bool begin_unit(Run *run, const Piece *piece, RtError *error)
{
    bool good = true;
    pthread_mutex_lock(&run->mutex);
    for (int64_t i = 0; good && i < piece->count; i++)
        good = rt_draws_open(run->plan->rows, piece->cells[i], error);
    pthread_mutex_unlock(&run->mutex);
    return good;
}

/* Cells of many draws take long: their draws are kept, too. */
static bool keep_draws(Run *run, const Piece *piece, RtError *error)
{
    double now = rt_seconds();
    if (piece->left == 0 || now < run->next_table)
        return true;
    bool good = rt_rows_keep(run->plan->rows, error);
    double end = rt_seconds();
    run->next_table = end + fmax(seconds_between_tables, times_between_tables * (end - now));
    return good;
}

static bool end_unit(Run *run, Piece *piece, RtError *error)
{
    pthread_mutex_lock(&run->mutex);
    bool good =
        (--piece->left > 0 || write_piece(run, piece, error)) && keep_draws(run, piece, error);
    show_progress(run, false);
    pthread_mutex_unlock(&run->mutex);
    return good;
}

static void put_draw(Run *run, const RtWorker *worker, int64_t cell, int64_t draw,
                     const double *values)
{
    pthread_mutex_lock(&run->mutex);
    rt_draws_put(run->plan->rows, cell, draw, values);
    run->work_done += (double)worker->prober.session.params_size;
    show_progress(run, false);
    pthread_mutex_unlock(&run->mutex);
}

/* Was the draw there before this run? */
static bool has_draw(Run *run, int64_t cell, int64_t draw)
{
    pthread_mutex_lock(&run->mutex);
    bool has = rt_draws_has(run->plan->rows, cell, draw);
    pthread_mutex_unlock(&run->mutex);
    return has;
}

/* One draw of every cell of a piece; false also when the run is to stop. */
static bool run_unit(Run *run, RtWorker *worker, int64_t unit, double *values, RtError *error)
{
    int64_t draws = run->plan->draws, draw = unit % draws;
    Piece *piece = &run->pieces[unit / draws];
    if (!begin_unit(run, piece, error))
        return false;
    for (int64_t i = 0; i < piece->count; i++) {
        if (atomic_load(&run->stop))
            return true;
        if (rt_signals_pending())
            return rt_fail(error, RT_STOPPED, "stopped by a signal");
        if (has_draw(run, piece->cells[i], draw))
            continue;
        if (!rt_worker_measure(worker, piece->cells + i, piece->count - i, (uint64_t)draw, values,
                               error))
            return false;
        put_draw(run, worker, piece->cells[i], draw, values);
    }
    return end_unit(run, piece, error);
}

static void work(void *context, int64_t index)
{
    Run *run = context;
    RtWorker *worker = &run->workers[index];
    RtError error = {0};
    double *values = calloc((size_t)run->quantities + 1, sizeof *values);
    bool good = values || rt_fail(&error, RT_FAILED, "out of memory for the results");
    while (good && !atomic_load(&run->stop)) {
        int64_t unit = atomic_fetch_add(&run->next, 1);
        if (unit >= run->units)
            break;
        good = run_unit(run, worker, unit, values, &error);
    }
    free(values);
    if (!good)
        fail(run, &error);
}

/* ---- the run ---- */

/* Cells differ in size; the time that is left follows the weights that are left. */
static bool add_work(Run *run, RtError *error)
{
    const RtGrid *grid = run->plan->grid;
    const RtWorker *worker = &run->workers[0];
    const RtSession *session = &worker->prober.session;
    for (int64_t p = 0; p < run->piece_count; p++)
        for (int64_t i = 0; i < run->pieces[p].count; i++) {
            rt_grid_set(grid, run->pieces[p].cells[i], worker->config);
            size_t size = session->code->params_size(grid->program, worker->config);
            if (!size)
                return rt_fail(error, RT_USAGE, "the size of a cell's network overflows");
            int64_t there = rt_draws_of(run->plan->rows, run->pieces[p].cells[i]);
            run->work += (double)size * (double)(run->plan->draws - there);
        }
    return true;
}

static bool open_workers(Run *run, RtError *error)
{
    run->workers = calloc((size_t)run->worker_count, sizeof *run->workers);
    if (!run->workers)
        return rt_fail(error, RT_FAILED, "out of memory for %d threads", run->worker_count);
    for (int i = 0; i < run->worker_count; i++)
        if (!rt_worker_open(&run->workers[i], run->plan, error))
            return false;
    RtWorker *first = &run->workers[0];
    if (!rt_worker_visit(first, run->pieces[0].cells[0], error))
        return false;
    memcpy(first->config, first->prober.session.config,
           (size_t)run->plan->grid->program->param_count * sizeof *first->config);
    return add_work(run, error);
}

static bool run_all(Run *run, RtPool *pool, RtError *error)
{
    if (!open_workers(run, error))
        return false;
    RnParallel parallel = rt_pool_parallel(pool);
    run->start = run->shown = rt_seconds();
    run->next_table = run->start + seconds_between_tables;
    parallel.run(parallel.pool, run->worker_count, work, run);
    show_progress(run, true);
    if (run->failed)
        *error = run->error;
    return !run->failed;
}

bool rt_sweep_run(RtSweepRun *plan, RtPool *pool, RtError *error)
{
    Run run = {.plan = plan,
               .quantities = plan->grid->sweep->settings.count,
               .worker_count = rt_pool_threads(pool) < plan->most_workers ? rt_pool_threads(pool)
                                                                          : plan->most_workers,
               .terminal = isatty(STDOUT_FILENO)};
    pthread_mutex_init(&run.mutex, NULL);
    bool good = make_pieces(&run, error) && (!run.piece_count || run_all(&run, pool, error));
    for (int i = 0; run.workers && i < run.worker_count; i++)
        rt_worker_close(&run.workers[i]);
    for (int64_t p = 0; p < run.piece_count; p++) {
        free(run.pieces[p].cells);
    }
    free(run.workers);
    free(run.pieces);
    pthread_mutex_destroy(&run.mutex);
    return good;
}
