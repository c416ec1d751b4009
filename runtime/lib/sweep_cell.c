/* SPDX-License-Identifier: Apache-2.0
 *
 * One core's network, taken from cell to cell. As long as depths, samples and seed stay the same
 * its memory does, and where the weights of a draw are there already, only those are made again
 * that the step from the last cell to this one changes.
 */
#include "lib/config.h"
#include "lib/limits.h"
#include "lib/sweep.h"
#include "lib/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_TEXT = 40 }; /* "=", a double in full, the end */

bool rt_worker_open(RtWorker *worker, const RtSweepRun *run, RtError *error)
{
    const RtOptions *options = run->options;
    int axes = run->grid->axis_count;
    *worker = (RtWorker){.run = run, .options = *options};
    worker->sets = calloc((size_t)(options->set_count + axes) + 1, sizeof *worker->sets);
    worker->texts = calloc((size_t)axes + 1, sizeof *worker->texts);
    worker->config = calloc((size_t)run->grid->program->param_count + 1, sizeof *worker->config);
    if (!worker->sets || !worker->texts || !worker->config)
        return rt_fail(error, RT_FAILED, "out of memory for the params");
    for (int i = 0; i < options->set_count; i++)
        worker->sets[i] = options->sets[i];
    for (int a = 0; a < axes; a++) {
        worker->texts[a] = malloc(strlen(run->grid->axes[a].name) + VALUE_TEXT);
        if (!worker->texts[a])
            return rt_fail(error, RT_FAILED, "out of memory for the params");
        worker->sets[options->set_count + a] = worker->texts[a];
    }
    worker->options.sets = worker->sets;
    worker->options.set_count += axes;
    /* cells run side by side, each on one core */
    worker->options.threads = 1;
    worker->options.quiet = 1;
    worker->options.repeat = -1;
    return true;
}

static void close_prober(RtWorker *worker)
{
    if (worker->wide)
        rt_abreast_close(&worker->abreast);
    if (worker->open)
        rt_prober_close(&worker->prober);
    worker->open = worker->drawn = worker->wide = false;
    worker->ahead_count = 0;
}

void rt_worker_close(RtWorker *worker)
{
    close_prober(worker);
    for (int a = 0; worker->texts && a < worker->run->grid->axis_count; a++)
        free(worker->texts[a]);
    free(worker->sets);
    free(worker->texts);
    free(worker->config);
    *worker = (RtWorker){0};
}

/* Can the prober's memory, samples and data serve both configs? */
static bool same_frame(const RtWorker *worker, const double *a, const double *b)
{
    const RnProgram *program = worker->run->grid->program;
    const RnTrain *train = program->train;
    for (int32_t i = 0; i < program->region_count; i++)
        if (!rt_formula_same(program->regions[i].depth, a, b))
            return false;
    return rt_formula_same(worker->prober.probe->batch, a, b) &&
           (!train || rt_config_same_split(train, a, b));
}

static int64_t changed_bits(const RnProgram *program, const double *a, const double *b)
{
    int64_t bits = 0;
    for (int32_t i = 0; i < program->param_count; i++)
        if (a[i] != b[i])
            bits |= rt_param_bit(i);
    return bits;
}

/* Params that may differ within a group of cells. */
static int64_t shared_bits(const RtGrid *grid)
{
    int64_t bits = 0;
    for (int a = 0; a < grid->axis_count; a++)
        if (grid->axes[a].shared)
            bits |= rt_param_bit(grid->axes[a].param);
    return bits;
}

static void name_cell(RtWorker *worker, int64_t cell)
{
    const RtGrid *grid = worker->run->grid;
    for (int a = 0; a < grid->axis_count; a++)
        sprintf(worker->texts[a], "%s=%.17g", grid->axes[a].name,
                grid->axes[a].values[rt_grid_place(grid, cell, a)]);
}

static bool open_prober(RtWorker *worker, RtError *error)
{
    const RtSweepRun *run = worker->run;
    close_prober(worker);
    worker->open = true;
    if (!rt_prober_borrow(&worker->prober, run->grid->program, &worker->options, &run->loan,
                          run->measures, run->measure_count, error))
        return false;
    bool shares = run->grid->groups < run->grid->cells;
    worker->wide = shares && !run->trained && !run->single &&
                   rt_abreast_open(&worker->abreast, &worker->prober, shared_bits(run->grid),
                                   run->grid->cells / run->grid->groups);
    return true;
}

/* Derived tensors follow from the params under --load too; the others are the checkpoint's. */
static bool redraw(RtWorker *worker, int64_t changed, RtError *error)
{
    RtSession *s = &worker->prober.session;
    if (worker->options.load)
        return rt_session_derive(s, error);
    return s->code->redraw(s->program, s->config, s->params.data, s->seed, s->repeat,
                           s->workspace.data, &s->parallel, changed) == RN_OK ||
           rt_fail_params(error);
}

/* Is the network that is there the cell's, but for the values of params? They go to `config`. */
static bool stays(RtWorker *worker, int64_t cell)
{
    const RtGrid *grid = worker->run->grid;
    if (!worker->open)
        return false;
    memcpy(worker->config, worker->prober.session.config,
           (size_t)grid->program->param_count * sizeof *worker->config);
    rt_grid_set(grid, cell, worker->config);
    return same_frame(worker, worker->prober.session.config, worker->config);
}

bool rt_worker_visit(RtWorker *worker, int64_t cell, RtError *error)
{
    const RtGrid *grid = worker->run->grid;
    name_cell(worker, cell);
    if (!stays(worker, cell))
        return open_prober(worker, error);
    RtSession *session = &worker->prober.session;
    size_t bytes = (size_t)grid->program->param_count * sizeof *worker->config;
    int64_t changed = changed_bits(grid->program, session->config, worker->config);
    memcpy(session->config, worker->config, bytes);
    /* as the prober's opening does, so that a cell is refused alike whichever worker comes to it */
    return !changed || (rt_limits_check(grid->program, session->config, error) &&
                        (!worker->drawn || redraw(worker, changed, error)));
}

static bool train(RtWorker *worker, uint64_t draw, double *loss, RtError *error)
{
    RtTrainer trainer;
    RtSession *session = &worker->prober.session;
    bool good = rt_trainer_run(&trainer, worker->run->grid->program, &worker->options,
                               &worker->run->loan, draw, error);
    if (good && trainer.session.params_size != session->params_size)
        good = rt_fail(error, RT_FAILED, "the trained network has another size");
    if (good)
        memcpy(session->params.data, trainer.session.params.data, session->params_size);
    *loss = trainer.train_loss;
    rt_trainer_close(&trainer);
    session->repeat = draw;
    worker->drawn = false;
    return good;
}

static bool make_weights(RtWorker *worker, uint64_t draw, double *loss, RtError *error)
{
    RtProber *prober = &worker->prober;
    prober->first = draw;
    prober->repeat = 1;
    prober->given = true;
    if (worker->run->trained)
        return train(worker, draw, loss, error);
    if (worker->drawn && worker->draw == draw)
        return true;
    worker->ahead_count = 0;
    worker->drawn = rt_prober_draw(prober, draw, error);
    worker->draw = draw;
    return worker->drawn;
}

/* Quantity by quantity what rt_measure found; the loss of the training stands beside it. */
static bool pick_values(const RtWorker *worker, const RtMeasured *results, double loss,
                        double *values, RtError *error)
{
    const RnProbe *settings = &worker->run->grid->sweep->settings;
    for (int i = 0, next = 0; i < settings->count; i++) {
        const RnMeasure *measure = &settings->measures[i];
        if (worker->run->trained && measure->kind == RN_QUANTITY_LOSS) {
            RnPlace place = {.params = worker->prober.session.config, .base = loss};
            values[i] = measure->function ? measure->function(&place) : loss;
            continue;
        }
        if (!results[next].possible)
            return rt_fail(error, RT_USAGE, "%s cannot be measured: %s", measure->text,
                           results[next].reason);
        values[i] = results[next++].values[0];
    }
    return true;
}

static bool measure_weights(RtWorker *worker, double loss, double *values, RtError *error)
{
    const RtSweepRun *run = worker->run;
    RtMeasured *results = calloc((size_t)run->measure_count + 1, sizeof *results);
    if (!results)
        return rt_fail(error, RT_FAILED, "out of memory for the results");
    bool good = (!run->measure_count ||
                 rt_measure(&worker->prober, run->measures, run->measure_count, results, error)) &&
                pick_values(worker, results, loss, values, error);
    rt_measured_free(results, run->measure_count);
    free(results);
    return good;
}

/* ---- cells side by side ---- */

/* Traces the first cells together, as many as have one network but for params, and one draw of
 * samples; the next one is left as it is. What fails here fails again, and is told, when the cell
 * is measured by itself. */
static void go_ahead(RtWorker *worker, const int64_t *cells, int64_t count, uint64_t draw)
{
    RtAbreast *abreast = &worker->abreast;
    RtError ignored = {0};
    double loss;
    bool good = true;
    worker->ahead_count = abreast->count = 0;
    int64_t i = 0;
    while (good && i < count && stays(worker, cells[i]) &&
           rt_abreast_fits(abreast, worker->config)) {
        good = rt_worker_visit(worker, cells[i], &ignored) &&
               make_weights(worker, draw, &loss, &ignored);
        if (good)
            rt_abreast_add(abreast);
        worker->ahead[i] = cells[i];
        i++;
    }
    /* params may be those of a cell that its tensors are not of */
    worker->drawn = worker->drawn && good;
    if (abreast->count > 1 && rt_abreast_run(abreast, draw))
        worker->ahead_count = abreast->count;
}

/* The cell with its trace, where that is there. */
static bool take_ahead(RtWorker *worker, int64_t cell, uint64_t draw)
{
    int64_t i = 0;
    while (i < worker->ahead_count && worker->ahead[i] != cell)
        i++;
    if (i == worker->ahead_count || !worker->drawn || worker->draw != draw)
        return false;
    name_cell(worker, cell);
    rt_abreast_take(&worker->abreast, i);
    return true;
}

/* Opens the prober for the cell and fills its weights. */
static bool make_cell(RtWorker *worker, const int64_t *cells, int64_t count, uint64_t draw,
                      double *loss, RtError *error)
{
    if (take_ahead(worker, cells[0], draw))
        return true;
    if (!rt_worker_visit(worker, cells[0], error))
        return false;
    if (worker->wide && count > 1)
        go_ahead(worker, cells, count, draw);
    return take_ahead(worker, cells[0], draw) ||
           (rt_worker_visit(worker, cells[0], error) && make_weights(worker, draw, loss, error));
}

bool rt_worker_measure(RtWorker *worker, const int64_t *cells, int64_t count, uint64_t draw,
                       double *values, RtError *error)
{
    double loss = (double)NAN;
    bool good = make_cell(worker, cells, count, draw, &loss, error) &&
                measure_weights(worker, loss, values, error);
    worker->prober.known = (RtKnown){0};
    if (good)
        return true;
    for (int i = 0; i < worker->run->grid->sweep->settings.count; i++)
        values[i] = (double)NAN;
    return error->status == RT_DIVERGED;
}
