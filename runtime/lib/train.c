/* SPDX-License-Identifier: Apache-2.0
 *
 * The training loop. The order of an epoch is a function of the seed and the epoch, and everything
 * else that the loop carries is in RtPosition and the optimiser's state; so a resumed run takes the
 * same steps, bit for bit.
 */
#include "lib/train.h"
#include "lib/config.h"
#include "lib/file.h"
#include "lib/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A checkpoint at the end of an epoch, but not more often than this: short epochs must not spend
 * their time waiting for the disk. The end of the run and signals always write one. */
static const double seconds_between_checkpoints = 20;

/* ---- setting up ---- */

static bool settle_length(RtTrainer *t, RtError *error)
{
    const RnTrain *train = t->session.program->train;
    const RtOptions *options = t->session.options;
    const double *config = t->session.config;
    int64_t samples = t->dataset.split.train.count, steps = 0;
    if (!rt_train_batch(&t->session, &t->batch, error))
        return false;
    if (t->batch > samples)
        t->batch = samples;
    t->epoch_steps = (samples + t->batch - 1) / t->batch;
    bool by_steps = options->iterations >= 0 || (options->epochs < 0 && train->iterations);
    if (!rt_formula_count(train->epochs, config, 10, 0, "epochs", &t->epochs, error) ||
        (by_steps &&
         !rt_formula_count(train->iterations, config, 1, 0, "iterations", &steps, error)))
        return false;
    if (options->epochs >= 0)
        t->epochs = (int64_t)options->epochs;
    if (options->iterations >= 0)
        steps = (int64_t)options->iterations;
    if (by_steps)
        t->epochs = (steps + t->epoch_steps - 1) / t->epoch_steps;
    else if (__builtin_mul_overflow(t->epochs, t->epoch_steps, &steps))
        return rt_fail(error, RT_USAGE, "--epochs: the number of steps overflows");
    t->schedule.steps = steps;
    return true;
}

static bool settle_rules(RtTrainer *t, RtError *error)
{
    const RnTrain *train = t->session.program->train;
    const double *config = t->session.config;
    t->schedule.kind = train->schedule;
    t->schedule.every = rt_formula(train->every, config, 0);
    t->schedule.factor = rt_formula(train->factor, config, 1);
    t->schedule.warmup = rt_formula(train->warmup, config, 0);
    t->schedule.epoch_steps = t->epoch_steps;
    t->base_rate = rt_formula(train->optimizer.rate, config, 0);
    t->stop_loss = rt_formula(train->stop_loss, config, (double)NAN);
    return rt_formula_count(train->patience, config, 0, 0, "patience", &t->patience, error);
}

static const int32_t step_bits = RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING;

/* A smaller batch may need more memory: more layers' gradients are held at once. Every size that a
 * step can have is therefore asked for, the last one of a resumed epoch too. */
static bool allocate(RtTrainer *t, int64_t position, RtError *error)
{
    RtSession *session = &t->session;
    int64_t count = t->dataset.split.train.count, rest = count % t->batch;
    int64_t resumed = position < count ? (count - position) % t->batch : 0;
    int64_t most = t->batch > RT_EVALUATION_BATCH ? t->batch : RT_EVALUATION_BATCH;
    const RtUse steps[] = {{t->batch, step_bits, -1},
                           {rest ? rest : t->batch, step_bits, -1},
                           {resumed ? resumed : t->batch, step_bits, -1},
                           {RT_EVALUATION_BATCH, RN_FORWARD, -1},
                           {RT_EVALUATION_BATCH, RN_FORWARD | RN_FIT, -1}};
    enum { STEPS = sizeof steps / sizeof *steps };
    RtUse *uses = calloc(STEPS + (size_t)session->program->region_count, sizeof *uses);
    if (!uses)
        return rt_fail(error, RT_FAILED, "out of memory for the sizes of steps");
    memcpy(uses, steps, sizeof steps);
    int use_count = STEPS;
    if (session->options->layers)
        use_count += rt_layers_uses(session->program, count, uses + STEPS);
    size_t order = (size_t)count * sizeof *t->order;
    const RtNeed needs[] = {{"batches", rt_buffers_size(session, most)},
                            {"order of the samples", order}};
    t->order = malloc(order);
    bool good =
        (t->order || rt_fail(error, RT_FAILED, "out of memory for the order of the samples")) &&
        rt_session_allocate(session, uses, use_count, true, needs, 2, error) &&
        rt_buffers_allocate(&t->buffers, session, most, t->classes, error);
    free(uses);
    return good;
}

/* The file to resume from, or NULL to start anew. */
static const char *resume_path(const RtOptions *options, RtError *error)
{
    if (!options->resume || strcmp(options->resume, "auto") != 0)
        return options->resume;
    if (!options->save) {
        rt_fail(error, RT_USAGE, "--resume auto wants --save FILE");
        return NULL;
    }
    return rt_file_exists(options->save) ? options->save : NULL;
}

static bool start_weights(RtTrainer *t, const RtCheckpoint *checkpoint, RtError *error)
{
    if (checkpoint->path) {
        t->position = checkpoint->position;
        if (t->position.position > t->dataset.split.train.count)
            return rt_fail(error, RT_BAD_DATA, "%s: it stands at sample %lld of an epoch of %lld",
                           checkpoint->path, (long long)t->position.position,
                           (long long)t->dataset.split.train.count);
        return rt_checkpoint_restore(checkpoint, &t->session, true, error);
    }
    t->position.best_loss = (double)INFINITY;
    return rt_session_init(&t->session, t->repeat, error) &&
           rt_fit_standardize(&t->session, &t->buffers, &t->dataset.split.train, error);
}

static void warn_of_source(const RnProgram *program, const RtCheckpoint *checkpoint)
{
    if (checkpoint->path && strcmp(checkpoint->source_hash, program->source_hash) != 0)
        fprintf(stderr,
                "%s: warning: %s was written by another version of the source; the run "
                "need not go on as it began\n",
                program->name, checkpoint->path);
}

/* Said before the run, while it can still be stopped. */
static void warn_of_save(const RnProgram *program, const RtOptions *options)
{
    if (options->save && !options->quiet && !options->json && rt_file_keeps(options->save))
        fprintf(stderr,
                "%s: warning: --save %s: the file is there already, and this run, which begins "
                "anew, will replace it; --resume auto goes on from it instead\n",
                program->name, options->save);
}

static bool load_data(RtTrainer *t, RtError *error)
{
    const RtLoan *loan = t->loan;
    if (!loan || !loan->train || !rt_loan_fits(loan, &t->session))
        return rt_dataset_load(&t->session, &t->dataset, error);
    t->dataset = *loan->train;
    t->borrowed = true;
    return true;
}

/* The first row of --layers is what training starts from. */
static bool record_layers(RtTrainer *t, RtError *error)
{
    const RtPosition *position = &t->position;
    return !t->layers.path ||
           rt_layers_row(&t->layers, position->epoch, (int64_t)position->step, error);
}

static bool start_layers(RtTrainer *t, RtError *error)
{
    const char *path = t->session.options->layers;
    return !path || t->loan ||
           (rt_layers_open(&t->layers, &t->session, &t->dataset.split.train, path, error) &&
            record_layers(t, error));
}

static bool check_layers_name(const char *path, RtError *error)
{
    size_t length = path ? strlen(path) : 0;
    bool named = length > 4 && strcmp(path + length - 4, ".npz") == 0;
    return !path || named ||
           rt_fail(error, RT_USAGE, "--layers %s: it writes arrays of NumPy; name it .npz", path);
}

static bool set_up(RtTrainer *t, const RnProgram *program, const RtOptions *options,
                   RtCheckpoint *checkpoint, RtError *error)
{
    error->status = RT_OK;
    if (!check_layers_name(options->layers, error))
        return false;
    if ((options->save && !rt_writer_try(options->save, error)) ||
        (options->layers && !rt_writer_try(options->layers, error)))
        return false;
    const char *path = resume_path(options, error);
    if (error->status != RT_OK || (path && !rt_checkpoint_read(program, path, checkpoint, error)) ||
        !rt_session_open(program, options, path ? checkpoint : NULL, &t->session, error))
        return false;
    t->classes = program->train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    t->train_loss = t->train_accuracy = (double)NAN;
    t->order_stream = rt_order_stream_of_repeat(t->session.seed, t->repeat);
    warn_of_source(program, checkpoint);
    if (!path)
        warn_of_save(program, options);
    return load_data(t, error) && settle_length(t, error) && settle_rules(t, error) &&
           allocate(t, checkpoint->position.position, error) &&
           start_weights(t, checkpoint, error) &&
           rt_log_open(&t->log, options->log, path != NULL, error) && start_layers(t, error);
}

void rt_trainer_close(RtTrainer *t)
{
    free(t->order);
    rt_layers_close(&t->layers);
    rt_buffers_free(&t->buffers);
    if (!t->borrowed)
        rt_dataset_free(&t->dataset);
    rt_session_close(&t->session);
}

/* ---- steps and epochs ---- */

static RtRow make_row(const RtTrainer *t)
{
    double done = (double)t->position.position;
    double nothing = (double)NAN;
    return (RtRow){.epoch = t->position.epoch + 1,
                   .epochs = t->epochs,
                   .step = (int64_t)t->position.step,
                   .steps = t->schedule.steps,
                   .epoch_step = (t->position.position + t->batch - 1) / t->batch,
                   .epoch_steps = t->epoch_steps,
                   .batch = t->batch,
                   .rate = nothing,
                   .train_loss = t->position.loss_sum / done,
                   .train_accuracy = t->classes ? (double)t->position.correct / done : nothing,
                   .validation_loss = nothing,
                   .validation_accuracy = nothing,
                   .seconds = rt_seconds() - t->start};
}

/* What became of the checkpoint of a run that diverged. */
static const char *saved_text(const char *save)
{
    return !save ? "" : rt_file_keeps(save) ? " stays as it was" : " was not written";
}

static bool diverged(const RtTrainer *t, RtError *error)
{
    const char *save = t->session.options->save;
    return rt_fail(error, RT_DIVERGED,
                   "diverged: the loss is not finite at step %llu, epoch %lld; "
                   "a smaller learning rate, or `--set`, may help%s%s%s",
                   (unsigned long long)t->position.step + 1, (long long)t->position.epoch + 1,
                   save ? "; " : "", save ? save : "", saved_text(save));
}

static bool take_step(RtTrainer *t, double rate, double *loss, RtError *error)
{
    RtSession *session = &t->session;
    const RtSet *set = &t->dataset.split.train;
    int64_t left = set->count - t->position.position;
    int64_t count = left < t->batch ? left : t->batch;
    rt_gather(set, t->order, t->position.position, count, session->program->real_size,
              t->buffers.x.data, t->buffers.target.data, &session->parallel);
    RnCall call = rt_session_call(session, count, step_bits, session->program->train->loss.kind);
    call.x = t->buffers.x.data;
    call.target = t->buffers.target.data;
    call.y = t->classes ? t->buffers.y.data : NULL;
    call.loss = loss;
    call.rate = rate;
    if (!rt_session_run(session, &call, error))
        return error->status == RT_DIVERGED ? diverged(t, error) : false;
    if (!isfinite(*loss))
        return diverged(t, error);
    t->position.step++;
    t->position.position += count;
    t->position.loss_sum += *loss * (double)count;
    if (t->classes)
        t->position.correct += rt_count_correct(t->buffers.y.data, t->buffers.target.data, count,
                                                session->outputs, session->program->real_size);
    return true;
}

static bool log_step(RtTrainer *t, double rate, double loss, RtError *error)
{
    double every = t->session.options->log_every;
    RtRow row = make_row(t);
    rt_progress_step(&t->progress, &row);
    if (every < 1 || fmod((double)t->position.step, every) != 0)
        return true;
    row.rate = rate;
    row.train_loss = loss;
    row.train_accuracy = (double)NAN;
    return rt_log_row(&t->log, "step", &row, error) && record_layers(t, error);
}

/* A step whose loss was finite may still leave weights that are not. */
static bool save_good(RtTrainer *t, RtError *error)
{
    const RtSession *session = &t->session;
    if (rt_session_finite(session))
        return rt_checkpoint_save(session, &t->position, session->options->save, error);
    return rt_fail(error, RT_DIVERGED,
                   "diverged: a weight is not finite after step %llu; a smaller learning rate, or "
                   "`--set`, may help; %s%s",
                   (unsigned long long)t->position.step, session->options->save,
                   saved_text(session->options->save));
}

static bool stop_by_signal(RtTrainer *t, RtError *error)
{
    const char *save = t->session.options->save;
    if (!save)
        return rt_fail(error, RT_STOPPED, "stopped by a signal");
    if (!save_good(t, error))
        return false;
    return rt_fail(error, RT_STOPPED, "stopped by a signal after step %llu; %s continues it",
                   (unsigned long long)t->position.step, save);
}

static bool wants_to_stop(const RtTrainer *t)
{
    return (t->session.options->save || t->loan) && rt_signals_pending();
}

/* Steps until the epoch's samples or the run's steps are used up. */
static bool run_epoch(RtTrainer *t, double *rate, RtError *error)
{
    rt_shuffle(t->order_stream, (uint64_t)t->position.epoch, t->order,
               t->dataset.split.train.count);
    while (t->position.position < t->dataset.split.train.count &&
           t->position.step < (uint64_t)t->schedule.steps) {
        double loss;
        *rate = rt_schedule_rate(&t->schedule, t->base_rate, (int64_t)t->position.step);
        if (!take_step(t, *rate, &loss, error) || !log_step(t, *rate, loss, error))
            return false;
        /* behind the last step the epoch is finished first, and scored and logged as any other */
        if (t->position.position < t->dataset.split.train.count && wants_to_stop(t))
            return stop_by_signal(t, error);
    }
    return true;
}

bool rt_stop_rules(RtPosition *position, double loss, double stop_loss, int64_t patience)
{
    if (loss < 0.99 * position->best_loss) {
        position->best_loss = loss;
        position->waiting = 0;
    } else {
        position->waiting++;
    }
    /* a comparison with NaN, no bound, is false */
    return loss < stop_loss || (patience > 0 && position->waiting >= patience);
}

/* Had these rules ended the run that left this position? Then going on from it trains nothing. */
static bool had_stopped(const RtTrainer *t)
{
    return t->position.best_loss < t->stop_loss ||
           (t->patience > 0 && t->position.waiting >= t->patience);
}

static void advance_epoch(RtTrainer *t)
{
    t->stopped = rt_stop_rules(&t->position, t->train_loss, t->stop_loss, t->patience);
    t->position.epoch++;
    t->position.position = t->position.correct = 0;
    t->position.loss_sum = 0;
}

static bool look_at_validation(void *trainer, int64_t done, int64_t count, RtError *error)
{
    RtTrainer *t = trainer;
    (void)error;
    rt_progress_score(&t->progress, "validating", done, count);
    return true;
}

static bool finish_epoch(RtTrainer *t, double rate, RtError *error)
{
    RtRow row = make_row(t);
    RtScore score;
    row.rate = rate;
    if (t->dataset.split.validation.count) {
        t->buffers.watch = (RtWatch){look_at_validation, t};
        if (!rt_evaluate(&t->session, &t->buffers, &t->dataset.split.validation,
                         t->session.program->train->loss.kind, &score, error))
            return false;
        row.validation_loss = score.loss;
        row.validation_accuracy = t->classes ? score.accuracy : (double)NAN;
    }
    t->train_loss = row.train_loss;
    t->train_accuracy = row.train_accuracy;
    row.seconds = rt_seconds() - t->start;
    rt_progress_epoch(&t->progress, &row);
    /* a run of a given number of steps may end inside an epoch, where another one can go on */
    if (t->position.position == t->dataset.split.train.count)
        advance_epoch(t);
    return rt_log_row(&t->log, "epoch", &row, error) && record_layers(t, error);
}

/* A resumed run that has no step left would otherwise look like one that trained. */
static void tell_nothing_left(const RtTrainer *t)
{
    const RtOptions *options = t->session.options;
    bool reached = t->position.step >= (uint64_t)t->schedule.steps;
    if (!options->resume || options->quiet || options->json || t->position.step == 0 ||
        !(reached || t->stopped))
        return;
    if (!reached)
        printf("a stop rule has ended this run after epoch %lld: nothing to do\n",
               (long long)t->position.epoch);
    else
        printf("already at epoch %lld of %lld, step %llu of %lld: nothing to do; more --epochs "
               "or --iterations go on\n",
               (long long)t->position.epoch, (long long)t->epochs,
               (unsigned long long)t->position.step, (long long)t->schedule.steps);
}

static bool run_epochs(RtTrainer *t, RtError *error)
{
    const char *save = t->session.options->save;
    double written = rt_seconds(), rate = 0;
    t->stopped = had_stopped(t);
    tell_nothing_left(t);
    while (!t->stopped && t->position.step < (uint64_t)t->schedule.steps) {
        if (!run_epoch(t, &rate, error) || !finish_epoch(t, rate, error))
            return false;
        if (wants_to_stop(t))
            return stop_by_signal(t, error);
        if (save && rt_seconds() - written >= seconds_between_checkpoints) {
            if (!save_good(t, error))
                return false;
            written = rt_seconds();
        }
    }
    return !save || save_good(t, error);
}

/* ---- the result ---- */

/* The run is over and saved: a signal leaves out the scores alone. */
static bool look_at_test(void *trainer, int64_t done, int64_t count, RtError *error)
{
    RtTrainer *t = trainer;
    const char *save = t->session.options->save;
    if (!save || !rt_signals_pending()) {
        rt_progress_score(&t->progress, "testing", done, count);
        return true;
    }
    rt_progress_clear(&t->progress);
    return rt_fail(error, RT_STOPPED,
                   "stopped by a signal before the test set was scored; the run is finished, and "
                   "eval --load %s scores it",
                   save);
}

static bool report(RtTrainer *t, RtError *error)
{
    RtFacts facts = {0};
    RtScore score;
    if (t->dataset.split.test.count) {
        t->buffers.watch = (RtWatch){look_at_test, t};
        if (!rt_evaluate(&t->session, &t->buffers, &t->dataset.split.test,
                         t->session.program->train->loss.kind, &score, error))
            return false;
        rt_progress_clear(&t->progress);
        rt_score_facts(&facts, "test", &score, t->classes);
    }
    if (t->session.options->json || !t->dataset.split.test.count) {
        if (isfinite(t->train_loss) || t->session.options->json)
            rt_fact(&facts, "train_loss", t->train_loss);
        rt_fact(&facts, "epochs", (double)t->position.epoch);
        rt_fact(&facts, "steps", (double)t->position.step);
    }
    rt_fact(&facts, "seconds", rt_seconds() - t->start);
    return rt_facts_print(&facts, t->session.options->json, error);
}

bool rt_train(const RnProgram *program, const RtOptions *options, RtError *error)
{
    RtTrainer trainer = {.start = rt_seconds()};
    RtCheckpoint checkpoint = {0};
    if (!program->train)
        return rt_fail(error, RT_USAGE, "%s has no train block", program->name);
    if (options->save)
        rt_signals_catch();
    bool good = set_up(&trainer, program, options, &checkpoint, error);
    rt_checkpoint_free(&checkpoint);
    if (good) {
        rt_progress_start(&trainer.progress, options, (int64_t)trainer.position.step);
        good = run_epochs(&trainer, error);
        if (trainer.log.stream) {
            RtError closing;
            bool closed = rt_log_close(&trainer.log, good ? error : &closing);
            good = good && closed;
        }
        if (trainer.layers.path) { /* of a run that was stopped, too */
            RtError writing;
            bool written = rt_layers_write(&trainer.layers, good ? error : &writing);
            good = good && written;
        }
        good = good && report(&trainer, error);
    }
    rt_trainer_close(&trainer);
    return good;
}

bool rt_trainer_run(RtTrainer *t, const RnProgram *program, const RtOptions *options,
                    const RtLoan *loan, uint64_t repeat, RtError *error)
{
    RtCheckpoint checkpoint = {0};
    *t = (RtTrainer){.loan = loan, .repeat = repeat, .start = rt_seconds()};
    bool good = set_up(t, program, options, &checkpoint, error) && run_epochs(t, error);
    rt_checkpoint_free(&checkpoint);
    return good;
}
