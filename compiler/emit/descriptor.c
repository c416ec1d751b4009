/* SPDX-License-Identifier: Apache-2.0
 *
 * The constant tables of runtime/core/program.h, filled from Graph and Plan.
 *
 * Struct layouts are taken from the kernels' bitcode. A Record is filled field by field in
 * declaration order; one field too few or too many, or one of another type, stops the compiler.
 */
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/str.h"

#include <string.h>

typedef struct Record {
    Emitter *e;
    const char *name;
    LLVMTypeRef type;
    LLVMValueRef fields[48];
    unsigned count;
} Record;

typedef struct Tables {
    Emitter *e;
    Formulas formulas;
} Tables;

static Record record(Emitter *e, const char *struct_name)
{
    Record r = {.e = e, .name = struct_name};
    /* A type's name is unique to its context, its layout object's to the module. */
    char *layout = str_format(e->arena, "rn_layout_%s", struct_name);
    LLVMValueRef object = LLVMGetNamedGlobal(e->module, layout);
    if (object == NULL) {
        BUG("emit", "the kernels do not know struct %s", struct_name);
    }
    r.type = LLVMGlobalGetValueType(object);
    return r;
}

static void put(Record *r, LLVMValueRef value)
{
    bool fits = r->count < LLVMCountStructElementTypes(r->type) &&
                LLVMTypeOf(value) == LLVMStructGetTypeAtIndex(r->type, r->count);
    if (!fits) {
        BUG("emit", "field %u of struct %s does not fit", r->count, r->name);
    }
    r->fields[r->count++] = value;
}

static void put_i32(Record *r, int64_t value)
{
    put(r, LLVMConstInt(r->e->t_i32, (unsigned long long)value, 1));
}

static void put_i64(Record *r, int64_t value)
{
    put(r, e_i64(r->e, value));
}

static void put_double(Record *r, double value)
{
    put(r, LLVMConstReal(r->e->t_double, value));
}

static void put_string(Record *r, const char *text)
{
    put(r, text ? e_string(r->e, text) : LLVMConstPointerNull(r->e->t_ptr));
}

static void put_formula(Record *r, Tables *t, const Expr *expr)
{
    put(r, emit_formula(&t->formulas, expr));
}

static void put_dims(Record *r, int rank, const int64_t *dims)
{
    LLVMValueRef values[SHAPE_MAX];
    for (int i = 0; i < SHAPE_MAX; i++) {
        values[i] = e_i64(r->e, i < rank ? dims[i] : 1);
    }
    put(r, LLVMConstArray2(r->e->t_i64, values, SHAPE_MAX));
}

static LLVMValueRef finish(Record *r)
{
    if (r->count != LLVMCountStructElementTypes(r->type)) {
        BUG("emit", "struct %s has %u fields, not %u", r->name,
            LLVMCountStructElementTypes(r->type), r->count);
    }
    return LLVMConstNamedStruct(r->type, r->fields, r->count);
}

static LLVMValueRef constant(Emitter *e, LLVMValueRef value, const char *name)
{
    LLVMValueRef global = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, 1);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    return global;
}

LLVMValueRef e_string(Emitter *e, const char *text)
{
    LLVMValueRef value = LLVMConstStringInContext2(e->context, text, strlen(text), 0);
    LLVMValueRef global = constant(e, value, "text");
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    return global;
}

static LLVMValueRef array_of(Emitter *e, LLVMTypeRef type, LLVMValueRef *items, uint32_t count,
                             const char *name)
{
    if (count == 0) {
        return LLVMConstPointerNull(e->t_ptr);
    }
    return constant(e, LLVMConstArray2(type, items, count), name);
}

static LLVMValueRef param_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->param_count);
    for (uint32_t i = 0; i < graph->param_count; i++) {
        const Param *param = &graph->params[i];
        Record r = record(t->e, "RnParam");
        put_string(&r, param->name);
        put_string(&r, param->doc);
        put_double(&r, param->value);
        put_double(&r, param->low);
        put_double(&r, param->high);
        put_i32(&r, param->integer);
        put_i32(&r, 0);
        items[i] = finish(&r);
    }
    return array_of(t->e, record(t->e, "RnParam").type, items, graph->param_count, "params");
}

static bool is_matrix(const Tensor *tensor)
{
    bool filter = tensor->law.kind == RN_LAW_HAAR;
    return tensor->rank == 2 && (tensor->role == RN_ROLE_WEIGHT || filter);
}

/* The params that decide a tensor's draw. */
static int64_t draw_params(const Tables *t, const Tensor *tensor)
{
    int region = t->e->plan->tensor_region[tensor->index];
    const Expr *depth = region >= 0 ? t->e->graph->regions.items[region].depth : NULL;
    return (int64_t)(expr_params(tensor->law.scale) | expr_params(tensor->correlation.parameter) |
                     expr_params(depth));
}

static LLVMValueRef tensor_record(Tables *t, const Tensor *tensor)
{
    Record r = record(t->e, "RnTensor");
    put_string(&r, tensor->name);
    put_i32(&r, tensor->role);
    put_i32(&r, tensor->law.kind);
    put_i32(&r, tensor->correlation.kind);
    put_i32(&r, tensor->correlation.increments);
    put_i32(&r, t->e->plan->tensor_region[tensor->index]);
    put_i32(&r, tensor->shared);
    put_i32(&r, tensor->trainable);
    put_i32(&r, tensor->absolute);
    put_i32(&r, is_matrix(tensor));
    put_i32(&r, tensor->rank);
    put_dims(&r, tensor->rank, tensor->dims);
    put_i64(&r, tensor_size(tensor));
    put_i64(&r, tensor->seed);
    put_i64(&r, draw_params(t, tensor));
    put_double(&r, tensor->fan_in);
    put_double(&r, tensor->fan_out);
    put_formula(&r, t, tensor->law.scale);
    put_formula(&r, t, tensor->correlation.parameter);
    put_formula(&r, t, tensor->rules.rate);
    put_formula(&r, t, tensor->rules.epsilon);
    put_formula(&r, t, tensor->rules.decay);
    return finish(&r);
}

static LLVMValueRef tensor_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->tensor_count);
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        items[i] = tensor_record(t, graph->tensors[i]);
    }
    return array_of(t->e, record(t->e, "RnTensor").type, items, graph->tensor_count, "tensors");
}

static LLVMValueRef region_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->regions.count);
    for (uint32_t i = 0; i < graph->regions.count; i++) {
        const Region *region = &graph->regions.items[i];
        const RegionPlan *plan = &t->e->plan->regions[i];
        Record r = record(t->e, "RnRegion");
        put_string(&r, region->name);
        put_formula(&r, t, region->depth);
        put_i64(&r, region->in_rows);
        put_i64(&r, region->out_rows);
        put_i64(&r, plan->kept_rows);
        put_i64(&r, plan->scratch_rows);
        put_i64(&r, plan->delta_columns);
        put_i32(&r, plan->keeps_states);
        put_i32(&r, plan->lockstep);
        put_i32(&r, plan->trained);
        put_i32(&r, plan->trained_shared);
        items[i] = finish(&r);
    }
    return array_of(t->e, record(t->e, "RnRegion").type, items, graph->regions.count, "regions");
}

static LLVMValueRef data_record(Tables *t, const Data *data)
{
    Record r = record(t->e, "RnData");
    put_i32(&r, data->kind);
    put_i32(&r, data->header);
    put_i32(&r, data->missing_mean);
    put_i32(&r, 0);
    put_string(&r, data->path);
    put_string(&r, data->images);
    put_string(&r, data->labels);
    put_string(&r, data->test_images);
    put_string(&r, data->test_labels);
    put_string(&r, data->target);
    put_string(&r, data->skip);
    put_double(&r, data->target_unit);
    put_i64(&r, data->dim);
    put_i64(&r, data->train);
    put_i64(&r, data->test);
    put_i64(&r, data->steps);
    put_formula(&r, t, data->low);
    put_formula(&r, t, data->high);
    put_formula(&r, t, data->overlap);
    return finish(&r);
}

static LLVMValueRef loss_record(Tables *t, const LossSpec *loss)
{
    Record r = record(t->e, "RnLoss");
    put_i32(&r, loss->kind);
    put_i32(&r, 0);
    put_formula(&r, t, loss->target_low);
    put_formula(&r, t, loss->target_high);
    return finish(&r);
}

/* No momentum needs no tensors to keep it in. */
static const Expr *unless_zero(const Expr *expr)
{
    return expr != NULL && expr_is_number(expr) && expr->number == 0 ? NULL : expr;
}

static LLVMValueRef optimizer_record(Tables *t, const Optimizer *optimizer)
{
    Record r = record(t->e, "RnOptimizer");
    put_i32(&r, optimizer->kind);
    put_i32(&r, optimizer->nesterov);
    put_formula(&r, t, optimizer->rate);
    put_formula(&r, t, unless_zero(optimizer->momentum));
    put_formula(&r, t, optimizer->beta1);
    put_formula(&r, t, optimizer->beta2);
    put_formula(&r, t, optimizer->epsilon);
    put_formula(&r, t, optimizer->decay);
    return finish(&r);
}

static LLVMValueRef train_table(Tables *t)
{
    const Train *train = t->e->graph->train;
    if (train == NULL) {
        return LLVMConstPointerNull(t->e->t_ptr);
    }
    Record r = record(t->e, "RnTrain");
    put(&r, data_record(t, &train->data));
    put(&r, loss_record(t, &train->loss));
    put(&r, optimizer_record(t, &train->optimizer));
    put_i32(&r, train->schedule.kind);
    put_i32(&r, 0);
    const Expr *const formulas[] = {
        train->schedule.every, train->schedule.factor, train->schedule.warmup, train->clip,
        train->batch,          train->epochs,          train->iterations,      train->validation,
        train->test,           train->stop_loss,       train->patience,        train->seed};
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        put_formula(&r, t, formulas[i]);
    }
    return constant(t->e, finish(&r), "train");
}

static LLVMValueRef measure_record(Tables *t, const Measure *measure)
{
    Record r = record(t->e, "RnMeasure");
    put_string(&r, measure->text);
    put_i32(&r, measure->kind);
    put_i32(&r, graph_region_of(t->e->graph, measure->stack));
    put_i32(&r, measure->tensor ? measure->tensor->index : -1);
    put_i32(&r, measure->factor ? measure->factor->index : -1);
    put_formula(&r, t, measure->function);
    put_i32(&r, measure->from_init);
    put_i32(&r, measure->choice);
    put_i64(&r, measure->row);
    put_i64(&r, measure->column);
    return finish(&r);
}

static LLVMValueRef probe_record(Tables *t, const Probe *probe)
{
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, probe->measures.count);
    for (uint32_t i = 0; i < probe->measures.count; i++) {
        items[i] = measure_record(t, &probe->measures.items[i]);
    }
    Record r = record(t->e, "RnProbe");
    put(&r, data_record(t, &probe->data));
    put(&r, loss_record(t, &probe->loss));
    put_formula(&r, t, probe->batch);
    put_formula(&r, t, probe->repeat);
    put_i32(&r, probe->when);
    put_i32(&r, probe->measures.count);
    put(&r,
        array_of(t->e, record(t->e, "RnMeasure").type, items, probe->measures.count, "measures"));
    return finish(&r);
}

static LLVMValueRef probe_table(Tables *t)
{
    const Probe *probe = t->e->graph->probe;
    if (probe == NULL) {
        return LLVMConstPointerNull(t->e->t_ptr);
    }
    return constant(t->e, probe_record(t, probe), "probe");
}

static LLVMValueRef check_table(Tables *t)
{
    const Check *check = t->e->graph->check;
    if (check == NULL) {
        return LLVMConstPointerNull(t->e->t_ptr);
    }
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, check->bounds.count);
    for (uint32_t i = 0; i < check->bounds.count; i++) {
        const Bound *bound = &check->bounds.items[i];
        Record r = record(t->e, "RnBound");
        put(&r, measure_record(t, &bound->measure));
        put_formula(&r, t, bound->low);
        put_formula(&r, t, bound->high);
        put_i32(&r, bound->low_strict);
        put_i32(&r, bound->high_strict);
        items[i] = finish(&r);
    }
    Record r = record(t->e, "RnCheck");
    put_i32(&r, check->when);
    put_i32(&r, check->bounds.count);
    put(&r, array_of(t->e, record(t->e, "RnBound").type, items, check->bounds.count, "bounds"));
    return constant(t->e, finish(&r), "check");
}

static LLVMValueRef axis_record(Tables *t, const Axis *axis)
{
    LLVMValueRef *values = ARENA_ARRAY(t->e->arena, LLVMValueRef, axis->values.count);
    for (uint32_t i = 0; i < axis->values.count; i++) {
        values[i] = LLVMConstReal(t->e->t_double, axis->values.items[i]);
    }
    Record r = record(t->e, "RnAxis");
    put_i32(&r, axis->param);
    put_i32(&r, axis->kind);
    put_i64(&r, axis->count);
    put_double(&r, axis->first);
    put_double(&r, axis->last);
    put(&r, array_of(t->e, t->e->t_double, values, axis->values.count, "values"));
    return finish(&r);
}

static LLVMValueRef axis_table(Tables *t, const Sweep *sweep)
{
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, sweep->axes.count);
    for (uint32_t i = 0; i < sweep->axes.count; i++) {
        items[i] = axis_record(t, &sweep->axes.items[i]);
    }
    return array_of(t->e, record(t->e, "RnAxis").type, items, sweep->axes.count, "axes");
}

static LLVMValueRef plot_record(Tables *t, const Plot *plot)
{
    Record r = record(t->e, "RnPlot");
    put_i32(&r, plot->kind);
    put_i32(&r, plot->x);
    put_i32(&r, plot->y);
    put_i32(&r, plot->by);
    put_i32(&r, plot->log_x);
    put_i32(&r, plot->log_y);
    put_i32(&r, plot->theory);
    put_i32(&r, plot->quantity);
    put_formula(&r, t, plot->clip);
    return finish(&r);
}

static LLVMValueRef sweep_record(Tables *t, const Sweep *sweep)
{
    LLVMValueRef *over = ARENA_ARRAY(t->e->arena, LLVMValueRef, sweep->over.count);
    for (uint32_t i = 0; i < sweep->over.count; i++) {
        over[i] = LLVMConstInt(t->e->t_i32, (unsigned long long)sweep->over.items[i], 1);
    }
    Record r = record(t->e, "RnSweep");
    put_string(&r, sweep->name);
    put(&r, probe_record(t, &sweep->settings));
    put(&r, axis_table(t, sweep));
    put(&r, array_of(t->e, t->e->t_i32, over, sweep->over.count, "over"));
    put_i32(&r, sweep->axes.count);
    put_i32(&r, sweep->fit);
    put(&r, plot_record(t, &sweep->plot));
    return finish(&r);
}

static LLVMValueRef sweep_table(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->sweep_count);
    for (uint32_t i = 0; i < graph->sweep_count; i++) {
        items[i] = sweep_record(t, &graph->sweeps[i]);
    }
    return array_of(t->e, record(t->e, "RnSweep").type, items, graph->sweep_count, "sweeps");
}

static LLVMValueRef stream_names(Tables *t)
{
    const Graph *graph = t->e->graph;
    LLVMValueRef *items = ARENA_ARRAY(t->e->arena, LLVMValueRef, graph->streams.count + 1);
    for (uint32_t i = 0; i < graph->streams.count; i++) {
        items[i] = e_string(t->e, graph->streams.items[i]);
    }
    items[graph->streams.count] = LLVMConstPointerNull(t->e->t_ptr);
    return array_of(t->e, t->e->t_ptr, items, graph->streams.count + 1, "streams");
}

static void put_or_null(Record *r, LLVMValueRef value)
{
    put(r, value ? value : LLVMConstPointerNull(r->e->t_ptr));
}

/* A function of the core, which is machine code already; only its address is of interest here. */
static LLVMValueRef core_function(Emitter *e, const char *entry)
{
    const char *precision = e->graph->is_double ? "double" : "float";
    char *name = str_format(e->arena, "%s_%s_%s", entry, e->isa, precision);
    return LLVMAddFunction(e->module, name, LLVMFunctionType(e->t_void, NULL, 0, 0));
}

void emit_code_table(Emitter *e, const RegionFunctions *functions)
{
    uint32_t count = e->graph->regions.count;
    LLVMValueRef *items = ARENA_ARRAY(e->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++) {
        Record r = record(e, "RnRegionCode");
        put_or_null(&r, functions[i].forward);
        put_or_null(&r, functions[i].backward);
        put_or_null(&r, functions[i].gradient);
        put_or_null(&r, functions[i].gradient_shared);
        items[i] = finish(&r);
    }
    static const char *const entries[] = {
        "rn_params_size",  "rn_state_size", "rn_workspace_size", "rn_init_workspace_size",
        "rn_init",         "rn_derive",     "rn_redraw",         "rn_run",
        "rn_stretch_size", "rn_stretch",    "rn_tensor_offset"};
    Record r = record(e, "RnCode");
    put_string(&r, e->isa);
    put(&r, array_of(e, record(e, "RnRegionCode").type, items, count, "region_code"));
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        put(&r, core_function(e, entries[i]));
    }
    char *name = str_format(e->arena, "rnet_code_%s", e->isa);
    LLVMSetLinkage(constant(e, finish(&r), name), LLVMExternalLinkage);
}

LLVMValueRef emit_codes(Emitter *e, const LLVMValueRef *tables, unsigned count)
{
    LLVMValueRef items[ISA_COUNT];
    for (unsigned i = 0; i < count; i++) {
        LLVMValueRef value = LLVMGetInitializer(tables[i]);
        Record r = record(e, "RnCode");
        for (int k = 0; k < LLVMGetNumOperands(value); k++) {
            put(&r, LLVMGetOperand(value, (unsigned)k));
        }
        items[i] = finish(&r);
    }
    return array_of(e, record(e, "RnCode").type, items, count, "codes");
}

static const Node *find_standardize(const Graph *graph)
{
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        const Block *block = &graph->regions.items[r].forward;
        for (uint32_t i = 0; i < block->nodes.count; i++) {
            if (block->nodes.items[i].op == OP_STANDARDIZE) {
                return &block->nodes.items[i];
            }
        }
    }
    return NULL;
}

void emit_descriptor(Emitter *e, LLVMValueRef codes, unsigned code_count)
{
    const Graph *graph = e->graph;
    Tables t = {.e = e, .formulas = {.e = e}};
    Record r = record(e, "RnProgram");
    put_string(&r, graph->name);
    put_string(&r, graph->source->path);
    put_string(&r, e->options->source_hash);
    put_string(&r, e->options->version);
    put_string(&r, graph->input_name);
    put_string(&r, graph->output_name);
    put_i32(&r, graph->is_double ? 8 : 4);
    put_i32(&r, graph->param_count);
    put_i32(&r, graph->tensor_count);
    put_i32(&r, graph->regions.count);
    put_i32(&r, graph->sweep_count);
    put_i32(&r, code_count);
    put_i32(&r, graph->input.rank);
    put_i32(&r, graph->output.rank);
    const Node *standardize = find_standardize(graph);
    put_i32(&r, standardize ? standardize->tensor : NO_TENSOR);
    put_i32(&r, standardize ? standardize->tensor2 : NO_TENSOR);
    put_dims(&r, graph->input.rank, graph->input.dim);
    put_dims(&r, graph->output.rank, graph->output.dim);
    put(&r, param_table(&t));
    put(&r, tensor_table(&t));
    put(&r, region_table(&t));
    put(&r, train_table(&t));
    put(&r, probe_table(&t));
    put(&r, check_table(&t));
    put(&r, sweep_table(&t));
    put(&r, stream_names(&t));
    put(&r, codes);
    LLVMSetLinkage(constant(e, finish(&r), "rnet_program"), LLVMExternalLinkage);
}
