/* SPDX-License-Identifier: Apache-2.0
 *
 * The command `info`, and --describe.
 */
#include "lib/cli.h"
#include "lib/commands.h"
#include "lib/config.h"
#include "lib/real.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static const char *const role_names[] = {
#define X(tag, name) name,
    RN_ROLES(X)
#undef X
};

static cJSON *shape_json(const int64_t *shape, int32_t rank)
{
    cJSON *list = cJSON_CreateArray();
    for (int32_t i = 0; i < rank; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)shape[i]));
    return list;
}

static cJSON *params_json(const RnProgram *program, const double *config)
{
    cJSON *list = cJSON_CreateArray();
    for (int32_t i = 0; i < program->param_count; i++) {
        const RnParam *p = &program->params[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", p->name);
        cJSON_AddNumberToObject(row, "value", config ? config[i] : p->value);
        cJSON_AddNumberToObject(row, "low", p->low);
        cJSON_AddNumberToObject(row, "high", p->high);
        cJSON_AddBoolToObject(row, "integer", p->integer);
        if (p->doc)
            cJSON_AddStringToObject(row, "doc", p->doc);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static void add_program(cJSON *root, const RnProgram *program)
{
    cJSON_AddStringToObject(root, "name", program->name);
    cJSON_AddStringToObject(root, "version", program->version);
    cJSON_AddStringToObject(root, "source_hash", program->source_hash);
    cJSON_AddStringToObject(root, "precision", program->real_size == 4 ? "float32" : "float64");
    cJSON_AddItemToObject(root, "input_shape",
                          shape_json(program->input_shape, program->input_rank));
    cJSON_AddItemToObject(root, "output_shape",
                          shape_json(program->output_shape, program->output_rank));
    cJSON *codes = cJSON_AddArrayToObject(root, "instruction_sets");
    for (int32_t i = 0; i < program->code_count; i++)
        cJSON_AddItemToArray(codes, cJSON_CreateString(program->codes[i].isa));
}

static void add_options(cJSON *root, const RnProgram *program)
{
    const char *name, *argument, *help;
    cJSON *commands = cJSON_AddObjectToObject(root, "commands");
#define X(tag, word, text)                                                                         \
    if (rt_command_works(program, RT_##tag))                                                       \
        cJSON_AddStringToObject(commands, word, text);
    RT_COMMANDS(X)
#undef X
    cJSON *options = cJSON_AddArrayToObject(root, "options");
    for (int i = 0; rt_option_row(i, &name, &argument, &help); i++) {
        if (!rt_option_works(program, i))
            continue;
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", name);
        if (argument)
            cJSON_AddStringToObject(row, "argument", argument);
        cJSON_AddStringToObject(row, "help", help);
        cJSON_AddItemToArray(options, row);
    }
    cJSON *sweeps = cJSON_AddArrayToObject(root, "sweeps");
    for (int32_t i = 0; i < program->sweep_count; i++)
        cJSON_AddItemToArray(sweeps, cJSON_CreateString(program->sweeps[i].name));
    cJSON_AddBoolToObject(root, "trains", program->train != NULL);
    cJSON_AddBoolToObject(root, "probes", program->probe != NULL);
    cJSON_AddBoolToObject(root, "checks", program->check != NULL);
}

bool rt_describe(const RnProgram *program, RtError *error)
{
    cJSON *root = cJSON_CreateObject();
    add_program(root, program);
    cJSON_AddItemToObject(root, "params", params_json(program, NULL));
    add_options(root, program);
    return rt_print_json(root, error);
}

/* ---- info ---- */

typedef struct Sizes {
    size_t weights, state, forward, step;
    int64_t batch, trained; /* trained numbers */
    bool trains;
} Sizes;

/* Layers of a tensor. */
static int64_t tensor_layers(const RtSession *session, int32_t tensor)
{
    int64_t layers;
    session->code->tensor_offset(session->program, session->config, tensor, &layers);
    return layers;
}

static bool measure_sizes(const RtSession *session, Sizes *sizes, RtError *error)
{
    const RnProgram *program = session->program;
    bool trains = program->train != NULL;
    *sizes = (Sizes){.weights = session->params_size,
                     .state = trains ? session->state_size : 0,
                     .trains = trains};
    RnFormula *batch = trains           ? program->train->batch
                       : program->probe ? program->probe->batch
                                        : NULL;
    if (!rt_formula_count(batch, session->config, 1, 1, "batch", &sizes->batch, error))
        return false;
    RnCall call = rt_session_call(session, sizes->batch, RN_FORWARD, RN_LOSS_NONE);
    sizes->forward = session->code->workspace_size(&call);
    call.what = RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING;
    sizes->step = trains ? session->code->workspace_size(&call) : 0;
    if (!sizes->forward || (trains && !sizes->step))
        return rt_fail(error, RT_USAGE, "the memory of one step at batch %lld overflows",
                       (long long)sizes->batch);
    for (int32_t i = 0; i < program->tensor_count; i++)
        if (program->tensors[i].trainable && program->tensors[i].role != RN_ROLE_BUFFER &&
            program->tensors[i].role != RN_ROLE_DERIVED)
            sizes->trained += tensor_layers(session, i) * program->tensors[i].size;
    return true;
}

static cJSON *tensors_json(const RtSession *session)
{
    cJSON *list = cJSON_CreateArray();
    for (int32_t i = 0; i < session->program->tensor_count; i++) {
        const RnTensor *tensor = &session->program->tensors[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", tensor->name);
        cJSON_AddStringToObject(row, "role", role_names[tensor->role]);
        cJSON_AddNumberToObject(row, "layers", (double)tensor_layers(session, i));
        cJSON_AddItemToObject(row, "shape", shape_json(tensor->dims, tensor->rank));
        cJSON_AddBoolToObject(row, "trained", tensor->trainable);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static bool info_json(const RtSession *session, const Sizes *sizes, RtError *error)
{
    cJSON *root = cJSON_CreateObject();
    add_program(root, session->program);
    cJSON_AddStringToObject(root, "isa", session->code->isa);
    cJSON_AddNumberToObject(root, "threads", rt_pool_threads(session->pool));
    cJSON_AddItemToObject(root, "params", params_json(session->program, session->config));
    cJSON_AddItemToObject(root, "tensors", tensors_json(session));
    cJSON_AddNumberToObject(root, "trained_numbers", (double)sizes->trained);
    cJSON_AddNumberToObject(root, "batch", (double)sizes->batch);
    cJSON *memory = cJSON_AddObjectToObject(root, "bytes");
    cJSON_AddNumberToObject(memory, "weights", (double)sizes->weights);
    cJSON_AddNumberToObject(memory, "forward", (double)sizes->forward);
    if (sizes->trains) {
        cJSON_AddNumberToObject(memory, "optimizer", (double)sizes->state);
        cJSON_AddNumberToObject(memory, "step", (double)sizes->step);
    }
    cJSON_AddNumberToObject(memory, "left", (double)rt_memory_left(""));
    return rt_print_json(root, error);
}

static void print_tensors(const RtSession *session)
{
    printf("\n%-32s %-8s %10s  %s\n", "tensor", "role", "layers", "shape of a layer");
    for (int32_t i = 0; i < session->program->tensor_count; i++) {
        const RnTensor *tensor = &session->program->tensors[i];
        printf("%-32s %-8s %10lld  [", tensor->name, role_names[tensor->role],
               (long long)tensor_layers(session, i));
        for (int32_t d = 0; d < tensor->rank; d++)
            printf("%s%lld", d ? ", " : "", (long long)tensor->dims[d]);
        printf("]%s\n", tensor->trainable ? "" : "  fixed");
    }
}

static bool info_text(const RtSession *session, const Sizes *sizes, RtError *error)
{
    const RnProgram *program = session->program;
    char text[32];
    printf("%s: %lld numbers in, %lld out, %s; compiled by rnetc %s\n", program->name,
           (long long)session->features, (long long)session->outputs,
           program->real_size == 4 ? "float32" : "float64", program->version);
    printf("runs on %s with %d threads\n", session->code->isa, rt_pool_threads(session->pool));
    if (program->param_count)
        printf("\n%-16s %12s  %s\n", "param", "value", "range");
    for (int32_t i = 0; i < program->param_count; i++)
        printf("%-16s %12g  %g .. %g%s%s\n", program->params[i].name, session->config[i],
               program->params[i].low, program->params[i].high, program->params[i].doc ? "   " : "",
               program->params[i].doc ? program->params[i].doc : "");
    print_tensors(session);
    printf("\n%lld trained numbers\n", (long long)sizes->trained);
    printf("weights     %s\n", rt_memory_text(sizes->weights, text));
    printf("forward     %s at batch %lld\n", rt_memory_text(sizes->forward, text),
           (long long)sizes->batch);
    if (!sizes->trains)
        return rt_flush_output(error);
    printf("optimizer   %s\n", rt_memory_text(sizes->state, text));
    printf("step        %s at batch %lld\n", rt_memory_text(sizes->step, text),
           (long long)sizes->batch);
    return rt_flush_output(error);
}

bool rt_info(const RnProgram *program, const RtOptions *options, RtError *error)
{
    RtSession session;
    RtCheckpoint checkpoint;
    Sizes sizes;
    bool good =
        rt_open_loaded(program, options, false, &checkpoint, &session, error) &&
        measure_sizes(&session, &sizes, error) &&
        (options->json ? info_json(&session, &sizes, error) : info_text(&session, &sizes, error));
    rt_session_close(&session);
    rt_checkpoint_free(&checkpoint);
    return good;
}
