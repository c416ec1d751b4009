/* SPDX-License-Identifier: Apache-2.0
 *
 * The command `predict`. Inputs are a CSV or .npy file, or the test data where none is named. The
 * output is CSV: the network's outputs, one sample a row, and the class with the greatest one where
 * the loss is a cross-entropy; or .npy, the outputs alone. Outputs are in units of target_unit.
 */
#define _GNU_SOURCE
#include "lib/commands.h"
#include "lib/csv.h"
#include "lib/npy.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Prediction {
    RtSession session;
    RtCheckpoint checkpoint;
    RtDataset dataset;
    RtTable table; /* of --input */
    RtSet set;
    RtBuffers buffers;
    RtWriter writer;
    FILE *out;
    bool npy, classes;
} Prediction;

/* ---- inputs ---- */

static bool parse_csv(Prediction *p, const char *path, const RtFile *file, RtError *error)
{
    const RnTrain *train = p->session.program->train;
    bool csv = train && train->data.kind == RN_DATA_CSV;
    RtCsvWanted wanted = {.target = csv ? train->data.target : NULL,
                          .skip = csv ? train->data.skip : NULL,
                          .header = -1,
                          .inputs_only = true,
                          .features = p->session.features,
                          .real_size = p->session.program->real_size};
    return rt_csv_parse(path, file, &wanted, &p->table, error);
}

/* What the file is, its first bytes say; its name need not. */
static bool read_inputs(Prediction *p, const char *path, RtError *error)
{
    RtNpy npy = {0};
    if (!rt_file_read(path, rt_memory_left(""), &npy.file, error))
        return false;
    bool good;
    if (npy.file.size >= 6 && memcmp(npy.file.bytes, "\x93NUMPY", 6) == 0) {
        good = rt_npy_parse(path, &npy.file, &npy, error);
        if (good)
            return rt_npy_take_inputs(path, &npy, p->session.program->real_size, &p->table, error);
    } else {
        good = parse_csv(p, path, &npy.file, error);
    }
    rt_file_free(&npy.file);
    return good;
}

static bool choose_inputs(Prediction *p, RtError *error)
{
    const char *path = p->session.options->input;
    if (!path) {
        if (!rt_dataset_load(&p->session, &p->dataset, error))
            return false;
        p->set = p->dataset.split.test;
        return p->set.count || rt_fail(error, RT_USAGE,
                                       "--input FILE is wanted: the data have "
                                       "no test set");
    }
    if (!read_inputs(p, path, error))
        return false;
    p->set = (RtSet){&p->table, NULL, p->table.count};
    return p->table.features == p->session.features ||
           rt_fail(error, RT_BAD_DATA, "%s: %lld numbers a sample, but the network reads %lld",
                   path, (long long)p->table.features, (long long)p->session.features);
}

/* ---- outputs ---- */

static bool check_output(const Prediction *p, RtError *error)
{
    if (!ferror(p->out))
        return true;
    const char *path = p->session.options->output;
    return rt_fail_errno(error, RT_FAILED, "%s", path ? path : "standard output");
}

static void write_header(Prediction *p)
{
    const char *name = p->session.program->output_name;
    int64_t outputs = p->session.outputs;
    if (p->npy) {
        char header[128];
        size_t length = rt_npy_header(header, p->set.count, outputs, p->session.program->real_size);
        fwrite(header, 1, length, p->out);
        return;
    }
    name = name ? name : "output";
    for (int64_t i = 0; i < outputs; i++)
        if (outputs == 1)
            fprintf(p->out, "%s", name);
        else
            fprintf(p->out, "%s%s_%lld", i ? "," : "", name, (long long)i);
    fprintf(p->out, p->classes ? ",class\n" : "\n");
}

static void write_rows(Prediction *p, int64_t count)
{
    int32_t real_size = p->session.program->real_size;
    int64_t outputs = p->session.outputs;
    const void *y = p->buffers.y.data;
    if (p->npy) {
        fwrite(y, (size_t)real_size, (size_t)(count * outputs), p->out);
        return;
    }
    /* digits that give every real back */
    int digits = real_size == 4 ? 9 : 17;
    for (int64_t s = 0; s < count; s++) {
        for (int64_t i = 0; i < outputs; i++)
            fprintf(p->out, "%s%.*g", i ? "," : "", digits, rt_real(y, s * outputs + i, real_size));
        if (p->classes)
            fprintf(p->out, ",%lld", (long long)rt_greatest(y, s * outputs, outputs, real_size));
        putc('\n', p->out);
    }
}

static bool predict_all(Prediction *p, RtError *error)
{
    write_header(p);
    for (int64_t from = 0; from < p->set.count; from += RT_EVALUATION_BATCH) {
        int64_t left = p->set.count - from;
        int64_t count = left < RT_EVALUATION_BATCH ? left : RT_EVALUATION_BATCH;
        rt_gather(&p->set, NULL, from, count, p->session.program->real_size, p->buffers.x.data,
                  NULL, &p->session.parallel);
        RnCall call = rt_session_call(&p->session, count, RN_FORWARD, RN_LOSS_NONE);
        call.x = p->buffers.x.data;
        call.y = p->buffers.y.data;
        if (!rt_session_run(&p->session, &call, error))
            return false;
        write_rows(p, count);
        if (!check_output(p, error))
            return false;
    }
    return true;
}

static bool write_output(Prediction *p, RtError *error)
{
    const char *path = p->session.options->output;
    if (!path || strcmp(path, "-") == 0) {
        p->out = stdout;
        return predict_all(p, error) && rt_flush_output(error);
    }
    size_t length = strlen(path);
    p->npy = length >= 4 && strcmp(path + length - 4, ".npy") == 0;
    if (!rt_writer_open(&p->writer, path, error))
        return false;
    p->out = p->writer.stream;
    if (predict_all(p, error))
        return rt_writer_commit(&p->writer, error);
    rt_writer_abandon(&p->writer);
    return false;
}

static bool set_up(Prediction *p, const RnProgram *program, const RtOptions *options,
                   RtError *error)
{
    if (!rt_open_loaded(program, options, true, &p->checkpoint, &p->session, error) ||
        !choose_inputs(p, error))
        return false;
    p->classes = program->train && program->train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    const RtUse use = {RT_EVALUATION_BATCH, RN_FORWARD, -1};
    const RtNeed need = {"batches", rt_buffers_size(&p->session, RT_EVALUATION_BATCH)};
    return rt_session_allocate(&p->session, &use, 1, false, &need, 1, error) &&
           rt_buffers_allocate(&p->buffers, &p->session, RT_EVALUATION_BATCH, p->classes, error) &&
           rt_checkpoint_restore(&p->checkpoint, &p->session, false, error);
}

bool rt_predict(const RnProgram *program, const RtOptions *options, RtError *error)
{
    Prediction p = {0};
    bool good = set_up(&p, program, options, error) && write_output(&p, error);
    rt_table_free(&p.table);
    rt_buffers_free(&p.buffers);
    rt_dataset_free(&p.dataset);
    rt_session_close(&p.session);
    rt_checkpoint_free(&p.checkpoint);
    return good;
}
