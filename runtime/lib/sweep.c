/* SPDX-License-Identifier: Apache-2.0
 *
 * The command `sweep`: finds the sweep and what of it is done already, runs the rest, tells.
 */
#define _GNU_SOURCE
#include "lib/sweep.h"
#include "lib/sweep_draws.h"
#include "core/random.h"
#include "lib/config.h"
#include "lib/limits.h"
#include "lib/nearest.h"
#include "lib/pool.h"
#include "lib/signals.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Sweeping {
    const RnSweep *sweep;
    const RtOptions *options;
    RtSession session; /* params, seed and threads of the command line; no memory of a network */
    RtCheckpoint checkpoint;
    RtGrid grid;
    RtRows rows;
    RtSweepRun run;
    RtDataset dataset, train;
    bool own_train; /* else `train` is `dataset` */
    char stem[1000], path[1100];
} Sweeping;

/* ---- which sweep, which part, which file ---- */

static const RnSweep *find_sweep(const RnProgram *program, const char *name, RtError *error)
{
    RtNearest nearest = {.word = name, .length = name ? strlen(name) : 0};
    char names[400] = "", hint[80];
    for (int32_t i = 0; i < program->sweep_count; i++) {
        if (name ? strcmp(program->sweeps[i].name, name) == 0 : program->sweep_count == 1)
            return &program->sweeps[i];
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", program->sweeps[i].name);
        if (name)
            rt_nearest_offer(&nearest, program->sweeps[i].name);
    }
    if (program->sweep_count == 0)
        rt_fail(error, RT_USAGE, "%s has no sweep block", program->name);
    else if (name)
        rt_fail(error, RT_USAGE, "no sweep is called '%s'%s; the sweeps are: %s", name,
                rt_nearest_text(&nearest, hint), names);
    else
        rt_fail(error, RT_USAGE, "sweep wants a name: %s", names);
    return NULL;
}

static bool parse_count(const char *text, char end, int64_t *count, const char **rest)
{
    char *stop;
    if (!text || *text < '0' || *text > '9')
        return false;
    long long value = strtoll(text, &stop, 10);
    *count = value;
    *rest = stop + 1;
    return *stop == end && value < INT64_C(1) << 40;
}

/* --shard 2/8 */
static bool parse_shard(const char *text, RtShard *shard, RtError *error)
{
    const char *rest = text;
    if (parse_count(text, '/', &shard->index, &rest) &&
        parse_count(rest, '\0', &shard->count, &rest) && shard->index >= 1 &&
        shard->index-- <= shard->count)
        return true;
    return rt_fail(error, RT_USAGE, "--shard %s: expected I/N with I from 1 to N", text);
}

/* A job array of Slurm tells each job its number; the numbers need not begin at 1. */
static bool read_slurm(RtShard *shard, RtError *error)
{
    const char *rest;
    int64_t id, least = 0, step = 1;
    if (!parse_count(getenv("SLURM_ARRAY_TASK_ID"), '\0', &id, &rest) ||
        !parse_count(getenv("SLURM_ARRAY_TASK_COUNT"), '\0', &shard->count, &rest) ||
        shard->count < 2) {
        *shard = (RtShard){0};
        return true;
    }
    parse_count(getenv("SLURM_ARRAY_TASK_MIN"), '\0', &least, &rest);
    parse_count(getenv("SLURM_ARRAY_TASK_STEP"), '\0', &step, &rest);
    shard->index = step > 0 ? (id - least) / step : -1;
    return (shard->index >= 0 && shard->index < shard->count) ||
           rt_fail(error, RT_USAGE,
                   "the job array's task %lld is none of its %lld tasks; --shard I/N says which "
                   "part to run",
                   (long long)id, (long long)shard->count);
}

static bool settle_shard(Sweeping *s, RtError *error)
{
    if (s->options->shard && s->options->merge)
        return rt_fail(error, RT_USAGE, "--shard and --merge exclude each other");
    if (s->options->merge)
        return s->options->file_count > 0 ||
               rt_fail(error, RT_USAGE, "--merge wants the tables to merge");
    return s->options->shard ? parse_shard(s->options->shard, &s->run.shard, error)
                             : read_slurm(&s->run.shard, error);
}

/* The table is a file, whose ending makes room for those of pictures. */
static bool check_output(const Sweeping *s, const char *output, RtError *error)
{
    struct stat status;
    if (stat(output, &status) != 0 || S_ISREG(status.st_mode))
        return true;
    if (S_ISDIR(status.st_mode))
        return rt_fail(error, RT_USAGE, "--output %s: it is a folder; name the table, %s%s%s.csv",
                       output, output, output[strlen(output) - 1] == '/' ? "" : "/",
                       s->sweep->name);
    return rt_fail(error, RT_USAGE,
                   "--output %s: it is no file; a sweep goes on from its table, so name one",
                   output);
}

static bool settle_path(Sweeping *s, RtError *error)
{
    const char *output = s->options->output ? s->options->output : s->sweep->name;
    size_t length = strlen(output);
    if (length > 4 && strcmp(output + length - 4, ".csv") == 0)
        length -= 4;
    const RtShard *shard = &s->run.shard;
    char part[64] = "";
    if (shard->count > 1)
        snprintf(part, sizeof part, ".%lld-of-%lld", (long long)shard->index + 1,
                 (long long)shard->count);
    int used = snprintf(s->stem, sizeof s->stem, "%.*s%s", (int)length, output, part);
    snprintf(s->path, sizeof s->path, "%s.csv", s->stem);
    if ((size_t)used >= sizeof s->stem)
        return rt_fail(error, RT_USAGE, "--output: the name is too long");
    return (!s->options->output || check_output(s, output, error)) &&
           check_output(s, s->path, error);
}

/* ---- what the table belongs to ---- */

static bool add_checkpoint(const char *path, FILE *out, RtError *error)
{
    RtFile file;
    if (!rt_file_read(path, SIZE_MAX, &file, error))
        return false;
    uint64_t hash = 0;
    for (size_t i = 0; i < file.size; i++)
        hash = (hash ^ file.bytes[i]) * UINT64_C(0x100000001b3);
    fprintf(out, "load %zu %llx\n", file.size, (unsigned long long)hash);
    rt_file_free(&file);
    return true;
}

/* All that decides the rows, as text: the hash of it stands in the table's head. */
static bool write_settings(const Sweeping *s, FILE *out, RtError *error)
{
    const RnProgram *program = s->session.program;
    const RtOptions *options = s->options;
    char number[RT_NUMBER_TEXT];
    fprintf(out, "%s %s %s\n", program->version, program->source_hash, s->sweep->name);
    fprintf(out, "seed %llu draws %lld epochs %.17g iterations %.17g\n",
            (unsigned long long)s->session.seed, (long long)s->run.draws, options->epochs,
            options->iterations);
    for (int32_t i = 0; i < program->param_count; i++) {
        bool axis = false;
        for (int a = 0; a < s->grid.axis_count; a++)
            axis = axis || s->grid.axes[a].param == i;
        if (!axis)
            fprintf(out, "%s %s\n", program->params[i].name,
                    rt_exact_text(s->session.config[i], number));
    }
    for (int a = 0; a < s->grid.axis_count; a++) {
        fprintf(out, "%s in", s->grid.axes[a].name);
        for (int64_t i = 0; i < s->grid.axes[a].count; i++)
            fprintf(out, " %s", rt_exact_text(s->grid.axes[a].values[i], number));
        fprintf(out, "\n");
    }
    return !options->load || add_checkpoint(options->load, out, error);
}

static bool hash_settings(const Sweeping *s, uint64_t *hash, RtError *error)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool good = out ? write_settings(s, out, error)
                    : rt_fail(error, RT_FAILED, "out of memory for the settings");
    if (out && fclose(out) != 0)
        good = rt_fail(error, RT_FAILED, "out of memory for the settings");
    if (good)
        *hash = rn_stream(text, 0, 0);
    free(text);
    return good;
}

/* ---- data that all cells read ---- */

/* Params of the command line, to be given those of cells; NULL: no memory. */
static double *open_config(const Sweeping *s)
{
    size_t bytes = (size_t)s->session.program->param_count * sizeof(double);
    double *config = malloc(bytes + 1);
    if (config)
        memcpy(config, s->session.config, bytes);
    return config;
}

/* The cell whose network is the largest. */
static int64_t find_largest(const Sweeping *s)
{
    const RtSession *session = &s->session;
    size_t most = 0;
    double *config = open_config(s);
    int64_t largest = 0;
    for (int64_t cell = 0; config && cell < s->grid.cells; cell++) {
        rt_grid_set(&s->grid, cell, config);
        size_t size = session->code->params_size(session->program, config);
        if (size > most) {
            most = size;
            largest = cell;
        }
    }
    free(config);
    return largest;
}

/* A value that some cell cannot have is told before any cell runs: the first one of the grid. */
static bool judge_cells(const Sweeping *s, RtError *error)
{
    double *config = open_config(s);
    bool good = config || rt_fail(error, RT_FAILED, "out of memory for the params");
    for (int64_t cell = 0; good && cell < s->grid.cells; cell++) {
        rt_grid_set(&s->grid, cell, config);
        good = !rt_sweep_wants(&s->run, cell) || rt_limits_check(s->session.program, config, error);
    }
    free(config);
    return good;
}

/* Each worker has a network of its own, and a second one where it trains; where there is more
 * memory, cells are traced side by side. */
static void limit_workers(Sweeping *s, const RtSession *largest)
{
    size_t need = largest->params_size + largest->workspace.size;
    if (s->run.trained)
        need += need + largest->state_size;
    size_t left = rt_memory_left(""), threads = (size_t)rt_pool_threads(s->session.pool);
    s->run.single = left / threads < need || left / threads - need < RT_ABREAST_BYTES;
    size_t fit = left / need;
    s->run.most_workers = fit < 1 ? 1 : fit > INT_MAX ? INT_MAX : (int)fit;
}

/* Opens the largest cell as its worker will: what is wrong with it shows before anything runs. */
static bool load_data(Sweeping *s, RtError *error)
{
    RtWorker scout;
    bool good =
        rt_worker_open(&scout, &s->run, error) && rt_worker_visit(&scout, find_largest(s), error);
    RtProber *prober = &scout.prober;
    if (good) {
        const RtSession *session = &prober->session;
        RtLoan *loan = &s->run.loan;
        bool trains = prober->train_data || prober->data->kind == RN_DATA_UNIFORM ||
                      prober->data->kind == RN_DATA_GAUSSIAN;
        if (prober->has_dataset) {
            rt_dataset_move(&s->dataset, &prober->dataset);
            loan->dataset = &s->dataset;
        }
        s->own_train = s->run.trained && !(loan->dataset && trains);
        if (s->run.trained)
            loan->train = s->own_train ? &s->train : loan->dataset;
        if (s->own_train)
            good = rt_dataset_load(session, &s->train, error);
        limit_workers(s, session);
        loan->seed = session->seed;
        rt_dataset_shares(session, &loan->validation, &loan->test);
    }
    rt_worker_close(&scout);
    return good;
}

/* ---- the command ---- */

/* The loss of a training is the training's own, and not measured afterwards. */
static bool list_measures(Sweeping *s, RtError *error)
{
    const RnProbe *settings = &s->sweep->settings;
    s->run.measures = calloc((size_t)settings->count + 1, sizeof *s->run.measures);
    if (!s->run.measures)
        return rt_fail(error, RT_FAILED, "out of memory for the measures");
    for (int i = 0; i < settings->count; i++)
        if (!s->run.trained || settings->measures[i].kind != RN_QUANTITY_LOSS)
            s->run.measures[s->run.measure_count++] = &settings->measures[i];
    return true;
}

static bool set_up(Sweeping *s, const RnProgram *program, RtError *error)
{
    const RtOptions *options = s->options;
    const RnProbe *settings = &s->sweep->settings;
    s->run.options = options;
    s->run.trained = settings->when == 2 && !options->load;
    s->run.loan.settings = settings;
    if (!settle_shard(s, error) || !settle_path(s, error) ||
        !rt_open_loaded(program, options, false, &s->checkpoint, &s->session, error) ||
        !rt_grid_open(&s->grid, program, s->sweep, options, !s->run.trained, error) ||
        !rt_formula_count(settings->repeat, s->session.config, 1, 1, "repeat", &s->run.draws,
                          error))
        return false;
    s->grid.config = s->session.config;
    if (options->repeat >= 1)
        s->run.draws = (int64_t)options->repeat;
    uint64_t hash;
    if (!list_measures(s, error) || !hash_settings(s, &hash, error) ||
        !rt_rows_open(&s->rows, &s->grid, s->run.draws, hash, error))
        return false;
    s->run.grid = &s->grid;
    s->run.rows = &s->rows;
    return true;
}

static void tear_down(Sweeping *s)
{
    free(s->run.measures);
    if (s->own_train)
        rt_dataset_free(&s->train);
    rt_dataset_free(&s->dataset);
    if (s->rows.text)
        rt_rows_free(&s->rows);
    rt_grid_close(&s->grid);
    rt_session_close(&s->session);
    rt_checkpoint_free(&s->checkpoint);
}

static int64_t count_wanted(const Sweeping *s, bool missing)
{
    int64_t count = 0;
    for (int64_t cell = 0; cell < s->grid.cells; cell++)
        count +=
            missing ? rt_sweep_wants(&s->run, cell) : rt_shard_has(&s->grid, &s->run.shard, cell);
    return count;
}

static bool run_missing(Sweeping *s, RtError *error)
{
    if (!judge_cells(s, error) || !load_data(s, error) || !rt_rows_begin(&s->rows, s->path, error))
        return false;
    rt_signals_catch();
    bool good = rt_sweep_run(&s->run, s->session.pool, error);
    RtError closing;
    bool ended = rt_rows_end(&s->rows, good ? error : &closing);
    char draws[80] = "";
    int64_t kept = rt_draws_count(&s->rows);
    if (kept)
        snprintf(draws, sizeof draws, " and %lld draws of others", (long long)kept);
    if (!good && error->status == RT_STOPPED)
        rt_fail(error, RT_STOPPED,
                "stopped by a signal; %s has %lld of %lld cells%s, and the same command goes on",
                s->path, (long long)(count_wanted(s, false) - count_wanted(s, true)),
                (long long)count_wanted(s, false), draws);
    return good && ended;
}

/* A part is whole by itself; ranges, laws and pictures want all parts. */
static bool tell_part(const Sweeping *s, RtError *error)
{
    if (!s->options->quiet && !s->options->json)
        printf("%s: %lld of the %lld cells; `sweep %s --merge FILE...` joins the parts\n", s->path,
               (long long)s->rows.done, (long long)s->grid.cells, s->sweep->name);
    return rt_flush_output(error);
}

static bool merge(Sweeping *s, RtError *error)
{
    for (int i = 0; i < s->options->file_count; i++)
        if (!rt_rows_read(&s->rows, s->options->files[i], error))
            return false;
    if (!rt_rows_write(&s->rows, s->path, error))
        return false;
    s->rows.path = s->path;
    if (s->rows.done == s->grid.cells)
        return rt_sweep_report(&s->rows, s->options, s->run.draws, s->stem, error);
    return rt_fail(error, RT_FAILED,
                   "%s has %lld of %lld cells; `sweep %s` without --merge measures the rest",
                   s->path, (long long)s->rows.done, (long long)s->grid.cells, s->sweep->name);
}

static void tell_complete(const Sweeping *s)
{
    if (!s->options->quiet && !s->options->json)
        printf("%s: all cells are in %s already\n", s->sweep->name, s->path);
}

static bool run_sweep(Sweeping *s, RtError *error)
{
    if (rt_file_exists(s->path) && !rt_rows_read(&s->rows, s->path, error))
        return false;
    s->rows.path = s->path;
    if (s->options->merge)
        return merge(s, error);
    if (count_wanted(s, true) == 0)
        tell_complete(s);
    else if (!run_missing(s, error))
        return false;
    return s->run.shard.count > 1
               ? tell_part(s, error)
               : rt_sweep_report(&s->rows, s->options, s->run.draws, s->stem, error);
}

bool rt_sweep(const RnProgram *program, const RtOptions *options, RtError *error)
{
    Sweeping sweeping = {.options = options};
    sweeping.sweep = find_sweep(program, options->sweep, error);
    if (!sweeping.sweep)
        return false;
    bool good = set_up(&sweeping, program, error) && run_sweep(&sweeping, error);
    tear_down(&sweeping);
    return good;
}
