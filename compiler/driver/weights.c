/* SPDX-License-Identifier: Apache-2.0
 *
 * The file is read as an executable reads it, with the same messages. What follows from weights and
 * params, tables and their order in memory, is left to the network's own code: it runs here, for
 * this machine's least instruction set, whatever the object is for, since all of them agree.
 */
#include "driver/weights.h"

#include "core/checkpoint.h"
#include "core/number.h"
#include "core/safetensors.h"
#include "emit/jit.h"
#include "lib/checkpoint.h"
#include "support/str.h"

#include <math.h>
#include <string.h>

/* The functions of runtime/core; a table that the build writes. */
extern const JitSymbol rnet_core_symbols[];

static const size_t MOST_BYTES = (size_t)1 << 30; /* far from what code can reach from its place */
/* As many weights with the optimiser's moments, which are not baked, and a header. */
static const size_t MOST_FILE = ((size_t)1 << 30) * (1 + RN_MOMENTS) + ((size_t)1 << 26);

static Diag *refuse(DiagSink *diag, const char *text)
{
    return diag_report(diag, E_WEIGHTS, (Span){0}, "%s", text);
}

/* ---- params ---- */

static Param *find_param(Model *model, const char *name)
{
    for (uint32_t i = 0; i < model->params.count; i++) {
        if (strcmp(model->params.items[i].name, name) == 0) {
            return &model->params.items[i];
        }
    }
    return NULL;
}

static bool is_defined(const Options *options, const char *name)
{
    for (uint32_t i = 0; i < options->defines.count; i++) {
        if (strcmp(options->defines.items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A value that is no number, or out of range, is refused when the file is loaded. */
static bool settle_param(Arena *arena, const Options *options, const RnStEntry *entry, Model *model,
                         DiagSink *diag)
{
    const char *name = entry->name + strlen(RN_PARAM_PREFIX);
    Param *param = find_param(model, name);
    double value;
    if (param == NULL || !rn_read_real(entry->value, &value)) {
        return true;
    }
    value = param->integer ? round(value) : value;
    if (is_defined(options, name) && param->value != value) {
        Diag *d =
            refuse(diag, str_format(arena, "%s was made with %s = %s, but -D sets it to %.17g",
                                    options->weights, name, entry->value, param->value));
        diag_hint(diag, d, "baked weights bring the params along: leave -D %s out", name);
        return false;
    }
    if (value >= param->low && value <= param->high) {
        param->value = value;
    }
    return true;
}

/* The params that decide how many numbers there are, or what those are that nobody trained. */
static uint64_t deciding_params(const Model *model)
{
    uint64_t deciding = 0;
    for (uint32_t i = 0; i < model->stacks.count; i++) {
        deciding |= expr_params(model->stacks.items[i]->depth);
    }
    for (uint32_t i = 0; i < model->tensors.count; i++) {
        const Tensor *tensor = model->tensors.items[i];
        if (tensor->role == RN_ROLE_DERIVED) {
            deciding |= expr_params(tensor->law.scale) | expr_params(tensor->correlation.parameter);
            deciding |= tensor->law.kind == RN_LAW_OPTIMAL ? UINT64_MAX : 0;
        }
    }
    return deciding;
}

static void fix_params(Model *model)
{
    uint64_t deciding = deciding_params(model);
    for (uint32_t i = 0; i < model->params.count; i++) {
        Param *param = &model->params.items[i];
        if (deciding >> (i < 63 ? i : 63) & 1) { /* bit 63: any further one */
            param->low = param->high = param->value;
        }
    }
}

static bool settle_params(Arena *arena, const Options *options, const RtFile *file, Model *model,
                          DiagSink *diag)
{
    RnStReader reader;
    RnStEntry entry;
    RnStKind kind = RN_ST_BAD;
    if (rn_st_open(&reader, file->bytes, file->size)) {
        while ((kind = rn_st_next(&reader, &entry)) == RN_ST_TENSOR || kind == RN_ST_METADATA) {
            bool param = kind == RN_ST_METADATA &&
                         strncmp(entry.name, RN_PARAM_PREFIX, strlen(RN_PARAM_PREFIX)) == 0;
            if (param && !settle_param(arena, options, &entry, model, diag)) {
                return false;
            }
        }
    }
    if (kind != RN_ST_END) {
        refuse(diag, str_format(arena, "%s: byte %zu: %s", options->weights, reader.where,
                                reader.problem));
        return false;
    }
    fix_params(model);
    return true;
}

Model *weights_settle(Arena *arena, const Options *options, Model *model, DiagSink *diag)
{
    RtFile file;
    RtError error;
    if (model == NULL || options->weights == NULL) {
        return model;
    }
    if (!rt_file_read(options->weights, MOST_FILE, &file, &error)) {
        refuse(diag, error.text);
        return NULL;
    }
    bool good = settle_params(arena, options, &file, model, diag);
    rt_file_free(&file);
    return good ? model : NULL;
}

/* ---- tensors ---- */

static Jit *compile_here(Arena *arena, const Plan *plan, const EmitOptions *emit, DiagSink *diag)
{
    double seconds[EMIT_STAGES] = {0};
    EmitOptions here = *emit;
    EmitOutput objects;
    here.kind = OUTPUT_OBJECT;
    /* the first call in a process settles what -O1 means: see emit_module */
    here.optimisation = emit->optimisation == 1 ? 1 : 0;
    here.debug = here.embed = here.predict_only = here.baked = false;
    here.target = here.sanitize = NULL;
    here.cpu = "baseline";
    here.seconds = seconds;
    if (!emit_module(arena, plan, &here, diag, &objects)) {
        return NULL;
    }
    Jit *jit = jit_open(arena, &objects, rnet_core_symbols, false, diag);
    emit_dispose(&objects);
    return jit;
}

static bool load(const RtCheckpoint *checkpoint, RtSession *session, RtError *error)
{
    const RnProgram *program = session->program;
    session->params_size = session->code->params_size(program, session->config);
    size_t workspace = session->code->init_workspace_size(program, session->config);
    if (session->params_size == 0 || workspace == 0 || session->params_size > MOST_BYTES) {
        return rt_fail(error, RT_BAD_DATA, "%s: too many weights to be part of an object",
                       checkpoint->path);
    }
    return rt_block_allocate(&session->params, session->params_size, "weights", error) &&
           rt_block_allocate(&session->workspace, workspace, "workspace", error) &&
           rt_checkpoint_restore(checkpoint, session, false, error) &&
           (rt_session_finite(session) ||
            rt_fail(error, RT_BAD_DATA, "%s: not all of its numbers are finite", checkpoint->path));
}

static bool take_params(Arena *arena, const RnProgram *program, const char *path, EmitOptions *emit,
                        DiagSink *diag)
{
    RtCheckpoint checkpoint;
    RtError error;
    if (!rt_checkpoint_read(program, path, &checkpoint, &error)) {
        refuse(diag, error.text);
        return false;
    }
    RtSession session = {
        .program = program, .code = &program->codes[0], .config = checkpoint.config};
    bool good = load(&checkpoint, &session, &error);
    if (good) {
        char *copy = arena_alloc(arena, session.params_size, 1);
        memcpy(copy, session.params.data, session.params_size);
        emit->weights = copy;
        emit->weights_size = session.params_size;
    } else {
        refuse(diag, error.text);
    }
    rt_block_free(&session.params);
    rt_block_free(&session.workspace);
    rt_checkpoint_free(&checkpoint);
    return good;
}

bool weights_bake(Arena *arena, const Options *options, const Plan *plan, EmitOptions *emit,
                  DiagSink *diag)
{
    Jit *jit = compile_here(arena, plan, emit, diag);
    const RnProgram *program = jit != NULL ? jit_address(jit, "rnet_program") : NULL;
    bool good = program != NULL && take_params(arena, program, options->weights, emit, diag);
    jit_close(jit);
    return good;
}
