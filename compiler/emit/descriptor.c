/* SPDX-License-Identifier: Apache-2.0
 *
 * The constant tables of runtime/core/program.h, filled from Graph and Plan.
 *
 * Struct layouts are taken from the kernels' bitcode. A Record is filled field by field in
 * declaration order; one field too few or too many, or one of another type, stops the compiler.
 */
#include "emit/record.h"
#include "support/bug.h"
#include "support/str.h"

#include <string.h>

static LLVMValueRef param_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->param_count);
    for (uint32_t i = 0; i < graph->param_count; i++) {
        const Param *param = &graph->params[i];
        Record r = record_open(t->e, "RnParam");
        record_string(&r, param->name);
        record_string(&r, t->e->options->embed ? NULL : param->doc);
        record_double(&r, param->value);
        record_double(&r, param->low);
        record_double(&r, param->high);
        record_i32(&r, param->integer);
        record_i32(&r, 0);
        items[i] = record_close(&r);
    }
    return e_array(t->e, record_open(t->e, "RnParam").type, items, graph->param_count, "params");
}

static bool is_matrix(const Tensor *tensor)
{
    bool filter = tensor->law.kind == RN_LAW_HAAR;
    return tensor->rank == 2 && (tensor->role == RN_ROLE_WEIGHT || filter);
}

/* The params that decide a tensor's draw; what theory finds follows from the whole network. */
static int64_t draw_params(const Tables *t, const Tensor *tensor)
{
    if (tensor->law.kind == RN_LAW_OPTIMAL) {
        return -1;
    }
    int region = t->e->plan->tensor_region[tensor->index];
    const Expr *depth = region >= 0 ? t->e->graph->regions.items[region].depth : NULL;
    return (int64_t)(expr_params(tensor->law.scale) | expr_params(tensor->correlation.parameter) |
                     expr_params(depth));
}

static bool has(const Tables *t, RnEmbedWhen when)
{
    return emit_has(t->e->graph, t->e->options, when);
}

static LLVMValueRef tensor_record(Tables *t, const Tensor *tensor)
{
    bool drawn = has(t, RN_EMBED_DRAWS) || tensor->role == RN_ROLE_DERIVED;
    bool trains = has(t, RN_EMBED_TRAINS);
    Record r = record_open(t->e, "RnTensor");
    record_string(&r, tensor->name);
    record_i32(&r, tensor->role);
    record_i32(&r, tensor->law.kind);
    record_i32(&r, tensor->correlation.kind);
    record_i32(&r, tensor->correlation.increments);
    record_i32(&r, t->e->plan->tensor_region[tensor->index]);
    record_i32(&r, tensor->shared);
    record_i32(&r, tensor->trainable);
    record_i32(&r, tensor->absolute);
    record_i32(&r, is_matrix(tensor));
    record_i32(&r, tensor->rank);
    record_dims(&r, tensor->rank, tensor->dims);
    record_i64(&r, tensor_size(tensor));
    record_i64(&r, tensor->seed);
    record_i64(&r, draw_params(t, tensor));
    record_double(&r, tensor->fan_in);
    record_double(&r, tensor->fan_out);
    record_formula(&r, t, drawn ? tensor->law.scale : NULL);
    record_formula(&r, t, drawn ? tensor->correlation.parameter : NULL);
    record_formula(&r, t, trains ? tensor->rules.rate : NULL);
    record_formula(&r, t, trains ? tensor->rules.epsilon : NULL);
    record_formula(&r, t, trains ? tensor->rules.decay : NULL);
    return record_close(&r);
}

static LLVMValueRef tensor_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->tensor_count);
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        items[i] = tensor_record(t, graph->tensors[i]);
    }
    return e_array(t->e, record_open(t->e, "RnTensor").type, items, graph->tensor_count, "tensors");
}

static LLVMValueRef region_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->regions.count);
    for (uint32_t i = 0; i < graph->regions.count; i++) {
        const Region *region = &graph->regions.items[i];
        const RegionPlan *plan = &t->e->plan->regions[i];
        Record r = record_open(t->e, "RnRegion");
        record_string(&r, region->name);
        record_formula(&r, t, region->depth);
        record_i64(&r, region->in_rows);
        record_i64(&r, region->out_rows);
        record_i64(&r, plan->kept_rows);
        record_i64(&r, plan->scratch_rows);
        record_i64(&r, plan->delta_columns + plan->delta_scalars);
        record_i32(&r, plan->keeps_states);
        record_i32(&r, plan->lockstep);
        record_i32(&r, plan->trained);
        record_i32(&r, plan->trained_shared);
        record_i32(&r, plan->remakes);
        record_i32(&r, plan->reads_states);
        items[i] = record_close(&r);
    }
    return e_array(t->e, record_open(t->e, "RnRegion").type, items, graph->regions.count,
                   "regions");
}

static LLVMValueRef data_record(Tables *t, const Data *data)
{
    Record r = record_open(t->e, "RnData");
    record_i32(&r, data->kind);
    record_i32(&r, data->header);
    record_i32(&r, data->missing_mean);
    record_i32(&r, data->header_stated);
    record_string(&r, data->path);
    record_string(&r, data->images);
    record_string(&r, data->labels);
    record_string(&r, data->test_images);
    record_string(&r, data->test_labels);
    record_string(&r, data->target);
    record_string(&r, data->skip);
    record_double(&r, data->target_unit);
    record_i64(&r, data->dim);
    record_i64(&r, data->train);
    record_i64(&r, data->test);
    record_i64(&r, data->steps);
    record_formula(&r, t, data->low);
    record_formula(&r, t, data->high);
    record_formula(&r, t, data->overlap);
    return record_close(&r);
}

static LLVMValueRef loss_record(Tables *t, const LossSpec *loss)
{
    Record r = record_open(t->e, "RnLoss");
    record_i32(&r, loss->kind);
    record_i32(&r, 0);
    record_formula(&r, t, loss->target_low);
    record_formula(&r, t, loss->target_high);
    return record_close(&r);
}

/* No momentum needs no tensors to keep it in. */
static const Expr *unless_zero(const Expr *expr)
{
    return expr != NULL && expr_is_number(expr) && expr->number == 0 ? NULL : expr;
}

static LLVMValueRef optimizer_record(Tables *t, const Optimizer *optimizer)
{
    Record r = record_open(t->e, "RnOptimizer");
    record_i32(&r, optimizer->kind);
    record_i32(&r, optimizer->nesterov);
    record_formula(&r, t, optimizer->rate);
    record_formula(&r, t, unless_zero(optimizer->momentum));
    record_formula(&r, t, optimizer->beta1);
    record_formula(&r, t, optimizer->beta2);
    record_formula(&r, t, optimizer->epsilon);
    record_formula(&r, t, optimizer->decay);
    return record_close(&r);
}

static LLVMValueRef train_table(Tables *t)
{
    const Train *train = t->e->graph->train;
    if (train == NULL || !has(t, RN_EMBED_TRAINS)) {
        return LLVMConstPointerNull(t->e->t_ptr);
    }
    const Data *data = t->e->options->embed ? &(const Data){0} : &train->data;
    Record r = record_open(t->e, "RnTrain");
    record_put(&r, data_record(t, data));
    record_put(&r, loss_record(t, &train->loss));
    record_put(&r, optimizer_record(t, &train->optimizer));
    record_i32(&r, train->schedule.kind);
    record_i32(&r, 0);
    const Expr *const formulas[] = {
        train->schedule.every, train->schedule.factor, train->schedule.warmup, train->clip,
        train->batch,          train->epochs,          train->iterations,      train->validation,
        train->test,           train->stop_loss,       train->patience,        train->seed};
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        bool needed = !t->e->options->embed || formulas[i] == train->clip;
        record_formula(&r, t, needed ? formulas[i] : NULL);
    }
    return e_constant(t->e, record_close(&r), "train");
}

static LLVMValueRef measure_record(Tables *t, const Measure *measure)
{
    Record r = record_open(t->e, "RnMeasure");
    record_string(&r, measure->text);
    record_i32(&r, measure->kind);
    record_i32(&r, graph_region_of(t->e->graph, measure->stack));
    record_i32(&r, measure->tensor ? measure->tensor->index : -1);
    record_i32(&r, measure->factor ? measure->factor->index : -1);
    record_formula(&r, t, measure->function);
    record_i32(&r, measure->from_init);
    record_i32(&r, measure->choice);
    record_i64(&r, measure->row);
    record_i64(&r, measure->column);
    return record_close(&r);
}

static LLVMValueRef probe_record(Tables *t, const Probe *probe)
{
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, probe->measures.count);
    for (uint32_t i = 0; i < probe->measures.count; i++) {
        items[i] = measure_record(t, &probe->measures.items[i]);
    }
    Record r = record_open(t->e, "RnProbe");
    record_put(&r, data_record(t, &probe->data));
    record_put(&r, loss_record(t, &probe->loss));
    record_formula(&r, t, probe->batch);
    record_formula(&r, t, probe->repeat);
    record_i32(&r, probe->when);
    record_i32(&r, probe->measures.count);
    record_put(&r, e_array(t->e, record_open(t->e, "RnMeasure").type, items, probe->measures.count,
                           "measures"));
    return record_close(&r);
}

static LLVMValueRef probe_table(Tables *t)
{
    const Probe *probe = t->e->graph->probe;
    if (probe == NULL || t->e->options->embed) {
        return LLVMConstPointerNull(t->e->t_ptr);
    }
    return e_constant(t->e, probe_record(t, probe), "probe");
}

static LLVMValueRef check_table(Tables *t)
{
    const Check *check = t->e->graph->check;
    if (check == NULL || t->e->options->embed) {
        return LLVMConstPointerNull(t->e->t_ptr);
    }
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, check->bounds.count);
    for (uint32_t i = 0; i < check->bounds.count; i++) {
        const Bound *bound = &check->bounds.items[i];
        Record r = record_open(t->e, "RnBound");
        record_put(&r, measure_record(t, &bound->measure));
        record_formula(&r, t, bound->low);
        record_formula(&r, t, bound->high);
        record_i32(&r, bound->low_strict);
        record_i32(&r, bound->high_strict);
        items[i] = record_close(&r);
    }
    Record r = record_open(t->e, "RnCheck");
    record_i32(&r, check->when);
    record_i32(&r, check->bounds.count);
    record_put(
        &r, e_array(t->e, record_open(t->e, "RnBound").type, items, check->bounds.count, "bounds"));
    return e_constant(t->e, record_close(&r), "check");
}

static LLVMValueRef axis_record(Tables *t, const Axis *axis)
{
    LLVMValueRef *values = ARENA_ARRAY(t->e->arena, LLVMValueRef, axis->values.count);
    for (uint32_t i = 0; i < axis->values.count; i++) {
        values[i] = LLVMConstReal(t->e->t_double, axis->values.items[i]);
    }
    Record r = record_open(t->e, "RnAxis");
    record_i32(&r, axis->param);
    record_i32(&r, axis->kind);
    record_i64(&r, axis->count);
    record_double(&r, axis->first);
    record_double(&r, axis->last);
    record_put(&r, e_array(t->e, t->e->t_double, values, axis->values.count, "values"));
    return record_close(&r);
}

static LLVMValueRef axis_table(Tables *t, const Sweep *sweep)
{
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, sweep->axes.count);
    for (uint32_t i = 0; i < sweep->axes.count; i++) {
        items[i] = axis_record(t, &sweep->axes.items[i]);
    }
    return e_array(t->e, record_open(t->e, "RnAxis").type, items, sweep->axes.count, "axes");
}

static LLVMValueRef plot_record(Tables *t, const Plot *plot)
{
    Record r = record_open(t->e, "RnPlot");
    record_i32(&r, plot->kind);
    record_i32(&r, plot->x);
    record_i32(&r, plot->y);
    record_i32(&r, plot->by);
    record_i32(&r, plot->log_x);
    record_i32(&r, plot->log_y);
    record_i32(&r, plot->theory);
    record_i32(&r, plot->quantity);
    record_formula(&r, t, plot->clip);
    return record_close(&r);
}

static LLVMValueRef sweep_record(Tables *t, const Sweep *sweep)
{
    LLVMValueRef *over = ARENA_ARRAY(t->e->arena, LLVMValueRef, sweep->over.count);
    for (uint32_t i = 0; i < sweep->over.count; i++) {
        over[i] = LLVMConstInt(t->e->t_i32, (unsigned long long)sweep->over.items[i], 1);
    }
    Record r = record_open(t->e, "RnSweep");
    record_string(&r, sweep->name);
    record_put(&r, probe_record(t, &sweep->settings));
    record_put(&r, axis_table(t, sweep));
    record_put(&r, e_array(t->e, t->e->t_i32, over, sweep->over.count, "over"));
    record_i32(&r, sweep->axes.count);
    record_i32(&r, sweep->fit);
    record_put(&r, plot_record(t, &sweep->plot));
    return record_close(&r);
}

static uint32_t sweep_count(const Emitter *e)
{
    return e->options->embed ? 0 : e->graph->sweep_count;
}

static LLVMValueRef sweep_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->sweep_count);
    for (uint32_t i = 0; i < sweep_count(t->e); i++) {
        items[i] = sweep_record(t, &graph->sweeps[i]);
    }
    return e_array(t->e, record_open(t->e, "RnSweep").type, items, sweep_count(t->e), "sweeps");
}

static LLVMValueRef stream_names(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->streams.count + 1);
    for (uint32_t i = 0; i < graph->streams.count; i++) {
        items[i] = e_string(t->e, graph->streams.items[i]);
    }
    items[graph->streams.count] = LLVMConstPointerNull(t->e->t_ptr);
    return e_array(t->e, t->e->t_ptr, items, graph->streams.count + 1, "streams");
}

static void put_or_null(Record *r, LLVMValueRef value)
{
    record_put(r, value ? value : LLVMConstPointerNull(r->e->t_ptr));
}

/* The table of an ISA's region functions, which may lie in another object of the program. */
static LLVMValueRef region_code(Emitter *e, const char *isa, LLVMTypeRef type)
{
    char *name = str_format(e->arena, "rnet_regions_%s", isa);
    LLVMValueRef table = LLVMGetNamedGlobal(e->module, name);
    if (table == NULL) {
        table = LLVMAddGlobal(e->module, type, name);
        LLVMSetVisibility(table, LLVMHiddenVisibility);
        LLVMSetGlobalConstant(table, 1);
    }
    return table;
}

void emit_region_code(Emitter *e, const RegionFunctions *functions)
{
    uint32_t count = e->graph->regions.count;
    LLVMTypeRef type = record_open(e, "RnRegionCode").type;
    LLVMValueRef *items = ARENA_ARRAY(e->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++) {
        Record r = record_open(e, "RnRegionCode");
        put_or_null(&r, functions[i].forward);
        put_or_null(&r, functions[i].backward);
        put_or_null(&r, functions[i].remake);
        put_or_null(&r, functions[i].gradient);
        put_or_null(&r, functions[i].gradient_shared);
        put_or_null(&r, functions[i].forward_one);
        items[i] = record_close(&r);
    }
    LLVMSetInitializer(region_code(e, e->isa, LLVMArrayType2(type, count)),
                       LLVMConstArray2(type, items, count));
}

/* Where objects to embed find a function of the core. */
typedef enum CoreHome {
    HOME_OWN,    /* in each set */
    HOME_LEAST,  /* once, for all: it is not where time goes, and gives the same bits everywhere */
    HOME_DRAWS,  /* likewise, where weights are drawn */
    HOME_LIBRARY /* for the commands of executables only */
} CoreHome;

static const struct {
    const char *name;
    CoreHome home;
} core_entries[CORE_ENTRIES] = {
    {"rn_params_size", HOME_LEAST},    {"rn_state_size", HOME_LEAST},
    {"rn_workspace_size", HOME_OWN},   {"rn_init_workspace_size", HOME_LEAST},
    {"rn_init", HOME_DRAWS},           {"rn_derive", HOME_LEAST},
    {"rn_redraw", HOME_LIBRARY},       {"rn_run", HOME_OWN},
    {"rn_stretch_size", HOME_LIBRARY}, {"rn_stretch", HOME_LIBRARY},
    {"rn_tensor_offset", HOME_LEAST},
};

char *core_function_name(Emitter *e, const char *name, const char *isa)
{
    const char *precision = e->graph->is_double ? "double" : "float";
    return str_format(e->arena, "%s_%s_%s", name, isa, precision);
}

char *core_name(Emitter *e, int entry, const char *isa)
{
    return core_function_name(e, core_entries[entry].name, isa);
}

const char *core_least(const Emitter *e)
{
    int least = e->machine->count - 1;
    while (!e->chosen[least]) {
        least--;
    }
    return e->machine->sets[least].name;
}

const char *core_best(const Emitter *e)
{
    int best = 0;
    while (!e->chosen[best]) {
        best++;
    }
    return e->machine->sets[best].name;
}

const char *core_home(const Emitter *e, int entry, const char *isa)
{
    if (!e->options->embed || core_entries[entry].home == HOME_OWN) {
        return isa;
    }
    bool needed =
        core_entries[entry].home == HOME_LEAST ||
        (core_entries[entry].home == HOME_DRAWS && embed_has(e->graph, e->options, RN_EMBED_DRAWS));
    return needed ? core_least(e) : NULL;
}

/* Machine code already, or linked later; only its address is of interest here. */
static LLVMValueRef core_function(Emitter *e, int entry, const char *isa)
{
    const char *home = core_home(e, entry, isa);
    if (home == NULL) {
        return LLVMConstPointerNull(e->t_ptr);
    }
    char *name = core_name(e, entry, home);
    LLVMValueRef known = LLVMGetNamedFunction(e->module, name);
    if (known != NULL) {
        return known;
    }
    LLVMValueRef function =
        LLVMAddFunction(e->module, name, LLVMFunctionType(e->t_void, NULL, 0, 0));
    if (e->options->embed) {
        LLVMSetVisibility(function, LLVMHiddenVisibility);
    }
    return function;
}

static LLVMValueRef code_record(Emitter *e, const char *isa)
{
    LLVMTypeRef regions =
        LLVMArrayType2(record_open(e, "RnRegionCode").type, e->graph->regions.count);
    Record r = record_open(e, "RnCode");
    record_string(&r, isa);
    record_put(&r, region_code(e, isa, regions));
    for (int i = 0; i < CORE_ENTRIES; i++) {
        record_put(&r, core_function(e, i, isa));
    }
    return record_close(&r);
}

static uint32_t count_codes(const Emitter *e)
{
    uint32_t count = 0;
    for (int i = 0; i < ISA_MOST; i++) {
        count += e->chosen[i];
    }
    return count;
}

static LLVMValueRef code_table(Emitter *e)
{
    LLVMValueRef items[ISA_MOST];
    uint32_t count = 0;
    for (int i = 0; i < ISA_MOST; i++) {
        if (e->chosen[i]) {
            items[count++] = code_record(e, e->machine->sets[i].name);
        }
    }
    return e_array(e, record_open(e, "RnCode").type, items, count, "codes");
}

void emit_descriptor(Emitter *e)
{
    const Graph *graph = e->graph;
    Tables t = {.e = e, .formulas = {.e = e}};
    Record r = record_open(e, "RnProgram");
    record_string(&r, graph->name);
    record_string(&r, graph->source->path);
    record_string(&r, e->options->source_hash);
    record_string(&r, e->options->version);
    record_string(&r, graph->input_name);
    record_string(&r, graph->output_name);
    record_i32(&r, graph->is_double ? 8 : 4);
    record_i32(&r, graph->param_count);
    record_i32(&r, graph->tensor_count);
    record_i32(&r, graph->regions.count);
    record_i32(&r, sweep_count(e));
    record_i32(&r, count_codes(e));
    record_i32(&r, graph->input.rank);
    record_i32(&r, graph->output.rank);
    const Node *standardize = graph_standardize(graph);
    record_i32(&r, standardize ? standardize->tensor : NO_TENSOR);
    record_i32(&r, standardize ? standardize->tensor2 : NO_TENSOR);
    record_dims(&r, graph->input.rank, graph->input.dim);
    record_dims(&r, graph->output.rank, graph->output.dim);
    record_put(&r, param_table(&t));
    record_put(&r, tensor_table(&t));
    record_put(&r, region_table(&t));
    record_put(&r, train_table(&t));
    record_put(&r, probe_table(&t));
    record_put(&r, check_table(&t));
    record_put(&r, sweep_table(&t));
    record_put(&r, has(&t, RN_EMBED_TRAINS) ? stream_names(&t) : LLVMConstPointerNull(e->t_ptr));
    record_put(&r, code_table(e));
    record_put(&r, uses_theory(e) ? emit_signal(&t) : LLVMConstPointerNull(e->t_ptr));
    LLVMSetLinkage(e_constant(e, record_close(&r), "rnet_program"), LLVMExternalLinkage);
}
