/* SPDX-License-Identifier: Apache-2.0
 *
 * Source → Ast → Model → Graph → Plan → machine code, one arrow a line. Every arrow takes NULL and
 * gives NULL; NULL means that an error was reported.
 */
#include "driver/compile.h"

#include "driver/analyze.h"
#include "driver/dependencies.h"
#include "driver/header.h"
#include "driver/link.h"
#include "driver/manifest.h"
#include "driver/name.h"
#include "driver/regime.h"
#include "driver/stopwatch.h"
#include "driver/weights.h"
#include "emit/emit.h"
#include "ir/differentiate.h"
#include "ir/lower.h"
#include "ir/postpone.h"
#include "ir/simplify.h"
#include "sema/elaborate.h"
#include "support/bug.h"
#include "support/version.h"
#include "syntax/parse.h"

#include <string.h>
#include <sys/stat.h>

typedef struct Compilation {
    Arena *arena;
    const Options *options;
    DiagSink *diag;
    const Source *source;
    EmitOutput *objects; /* where machine code stays; NULL: it goes into files */
    Stopwatch watch;
} Compilation;

static const AstFile *after_parse(Compilation *c, const AstFile *ast)
{
    stopwatch_lap(&c->watch, "parse");
    if (ast != NULL && c->options->dump == DUMP_AST) {
        ast_print(ast, stdout);
    }
    return ast;
}

static void require(const char *noun, const char *broken)
{
    if (broken != NULL) {
        BUG(noun, "%s", broken);
    }
}

static const Model *after_elaborate(Compilation *c, const Model *model)
{
    stopwatch_lap(&c->watch, "elaborate");
    if (model != NULL) {
        require("model", model_verify(model));
        if (c->options->dump == DUMP_MODEL) {
            model_print(model, stdout);
        }
    }
    return model;
}

static const Model *after_judging(Compilation *c, const Model *model)
{
    stopwatch_lap(&c->watch, "judge regimes");
    return model;
}

static const Graph *after_simplify(Compilation *c, const Graph *graph)
{
    stopwatch_lap(&c->watch, "lower");
    if (graph != NULL) {
        require("graph", graph_verify(c->arena, graph));
        if (c->options->dump == DUMP_GRAPH) {
            graph_print(graph, stdout);
        }
    }
    return graph;
}

static const Plan *after_plan(Compilation *c, const Plan *plan)
{
    stopwatch_lap(&c->watch, "plan");
    if (plan != NULL) {
        require("plan", plan_verify(c->arena, plan));
        if (c->options->dump == DUMP_PLAN) {
            plan_print(plan, stdout);
        }
    }
    return plan;
}

static bool is_library(const Options *options)
{
    return options->emit == EMIT_STATIC || options->emit == EMIT_SHARED;
}

static EmitOptions emit_options(Compilation *c, double seconds[EMIT_STAGES])
{
    static const OutputKind kinds[] = {
        [EMIT_EXE] = OUTPUT_OBJECT,    [EMIT_ASM] = OUTPUT_ASSEMBLY,
        [EMIT_LLVM] = OUTPUT_LLVM,     [EMIT_OBJECT] = OUTPUT_OBJECT,
        [EMIT_HEADER] = OUTPUT_OBJECT, [EMIT_STATIC] = OUTPUT_OBJECT,
        [EMIT_SHARED] = OUTPUT_OBJECT, [EMIT_MANIFEST] = OUTPUT_OBJECT};
    static const char *const sanitizers[] = {
        [SANITIZE_NOTHING] = NULL, [SANITIZE_ADDRESS] = "address", [SANITIZE_THREAD] = "thread"};
    const Options *options = c->options;
    return (EmitOptions){
        .kind = options->dump == DUMP_LLVM ? OUTPUT_LLVM : kinds[options->emit],
        .optimisation = options->optimise,
        .debug = options->debug,
        .target = options->target,
        .cpu = options->cpu,
        .sanitize = sanitizers[options->sanitizer],
        .source_hash = name_hash(c->arena, c->source, options),
        .version = RNET_VERSION,
        .embed = options->emit == EMIT_OBJECT || options->emit == EMIT_HEADER ||
                 options->emit == EMIT_MANIFEST || is_library(options),
        .predict_only = options->predict_only,
        .baked = options->weights != NULL,
        .seconds = seconds,
    };
}

/* Do both name one file? Files that are not there yet are told apart by their names. */
static bool is_same(const char *a, const char *b)
{
    struct stat first, second;
    if (a == NULL || b == NULL || strcmp(a, "-") == 0 || strcmp(b, "-") == 0) {
        return false;
    }
    if (stat(a, &first) != 0 || stat(b, &second) != 0) {
        return strcmp(a, b) == 0;
    }
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static bool refuse_output(Compilation *c, const char *path, const char *what, const char *option)
{
    Diag *d = diag_report(c->diag, E_WRITE, (Span){0}, "cannot write `%s`: it is %s", path, what);
    diag_hint(c->diag, d, "name another output with %s", option);
    return false;
}

/* Is it a file of the data, as a name in the source's folder? */
static bool is_data(const Compilation *c, const Data *data, const char *path)
{
    const char *const names[] = {data->path, data->images, data->labels, data->test_images,
                                 data->test_labels};
    const char *slash = strrchr(c->options->input, '/');
    int folder = slash != NULL ? (int)(slash + 1 - c->options->input) : 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i];
        if (name == NULL) {
            continue;
        }
        if (is_same(path, str_format(c->arena, "%.*s%s", *name == '/' ? 0 : folder,
                                     c->options->input, name))) {
            return true;
        }
    }
    return false;
}

static bool reads(const Compilation *c, const Graph *graph, const char *path)
{
    return (graph->train != NULL && is_data(c, &graph->train->data, path)) ||
           (graph->probe != NULL && is_data(c, &graph->probe->data, path));
}

/* No output may take the place of the source (one without an ending has its stem's name), of the
 * weights, of the data or of another output. */
static bool refuse_outputs(Compilation *c, const Graph *graph)
{
    const Options *options = c->options;
    if (c->objects != NULL || options->dump == DUMP_LLVM) {
        return true;
    }
    const char *path = name_output(c->arena, options);
    const struct {
        const char *path, *option;
    } outputs[] = {{path, "-o"},
                   {header_path(c->arena, options, path), "--header"},
                   {options->manifest, "--manifest"}};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        const char *option = outputs[i].option;
        if (is_same(outputs[i].path, options->input)) {
            return refuse_output(c, outputs[i].path, "the source", option);
        }
        if (is_same(outputs[i].path, options->weights)) {
            return refuse_output(c, outputs[i].path, "the file of weights", option);
        }
        if (reads(c, graph, outputs[i].path)) {
            return refuse_output(c, outputs[i].path, "a file of the data", option);
        }
        for (size_t other = 0; other < i; other++) {
            if (is_same(outputs[i].path, outputs[other].path)) {
                return refuse_output(c, outputs[i].path, "another output too", option);
            }
        }
    }
    return true;
}

/* An object or a library, with the header that describes it. */
static bool write_embedded(Compilation *c, const Graph *graph, const char *path,
                           const EmitOutput *output, const EmitOptions *emitted)
{
    const Options *options = c->options;
    const LinkHeader header = {header_path(c->arena, options, path),
                               header_text(c->arena, graph, emitted)};
    return is_library(options)
               ? link_library(c->arena, options, path, graph->name, output, &header, c->diag)
               : link_object(c->arena, path, &output->parts[0], &header, c->diag);
}

/* Machine code into the file, executable or text, that the options ask for. */
static bool write_result(Compilation *c, const Graph *graph, const EmitOutput *output,
                         const EmitOptions *emitted)
{
    const Options *options = c->options;
    const EmitPart *text = &output->parts[0];
    if (options->dump == DUMP_LLVM) {
        return fwrite(text->data, 1, text->size, stdout) == text->size;
    }
    const char *path = name_output(c->arena, options);
    bool written = options->emit == EMIT_EXE
                       ? link_program(c->arena, options, path, output, c->diag)
                   : emitted->embed ? write_embedded(c, graph, path, output, emitted)
                                    : link_write(c->arena, path, text->data, text->size, c->diag);
    bool links = options->emit == EMIT_EXE || is_library(options);
    stopwatch_lap(&c->watch, links ? "link" : "write");
    return written && dependencies_write(c->arena, options, path, c->diag);
}

/* The header alone. */
static bool write_header(Compilation *c, const Graph *graph, const EmitOptions *options)
{
    const char *path = name_output(c->arena, c->options);
    const char *text = header_text(c->arena, graph, options);
    return link_write(c->arena, path, text, strlen(text), c->diag) &&
           dependencies_write(c->arena, c->options, path, c->diag);
}

/* After the object that it describes. */
static bool write_manifest(Compilation *c, const Plan *plan, const EmitOptions *options)
{
    bool alone = c->options->emit == EMIT_MANIFEST;
    const char *path = alone ? name_output(c->arena, c->options) : c->options->manifest;
    if (path == NULL) {
        return true;
    }
    const char *text = manifest_text(c->arena, plan, options, c->diag);
    bool written = text && link_write(c->arena, path, text, strlen(text), c->diag);
    stopwatch_lap(&c->watch, "manifest");
    return written && (!alone || dependencies_write(c->arena, c->options, path, c->diag));
}

static bool build(Compilation *c, const Plan *plan)
{
    double seconds[EMIT_STAGES] = {0};
    EmitOutput output;
    EmitOptions options = emit_options(c, seconds);
    if (!refuse_outputs(c, plan->graph)) {
        return false;
    }
    if (c->options->emit == EMIT_HEADER) {
        return write_header(c, plan->graph, &options);
    }
    if (options.baked) {
        if (!weights_bake(c->arena, c->options, plan, &options, c->diag)) {
            return false;
        }
        stopwatch_lap(&c->watch, "weights");
    }
    if (c->options->emit == EMIT_MANIFEST) {
        return write_manifest(c, plan, &options);
    }
    if (!emit_module(c->arena, plan, &options, c->diag, &output)) {
        return false;
    }
    stopwatch_add(&c->watch, "build IR", seconds[EMIT_STAGE_BUILD]);
    stopwatch_add(&c->watch, "optimise", seconds[EMIT_STAGE_OPTIMISE]);
    stopwatch_add(&c->watch, "machine code", seconds[EMIT_STAGE_WRITE]);
    if (c->objects != NULL) {
        *c->objects = output;
        return true;
    }
    bool written = write_result(c, plan->graph, &output, &options);
    emit_dispose(&output);
    return written && write_manifest(c, plan, &options);
}

/* What stops before machine code: --check, --analyze, -M, and dumps of earlier stages. */
static bool stops_early(const Options *options)
{
    return options->check_only || options->analyze ||
           (options->dump != DUMP_NOTHING && options->dump != DUMP_LLVM);
}

static bool finish(Compilation *c, const Model *model, const Plan *plan)
{
    const Options *options = c->options;
    if (options->analyze && !options->dependencies_only && plan != NULL) {
        analyze(c->arena, model, plan, options->json, stdout);
    }
    /* an error that stops no arrow, of the name or by -Werror, still means no output */
    if (plan == NULL || diag_error_count(c->diag) > 0) {
        return false;
    }
    if (options->dependencies_only) {
        return dependencies_write(c->arena, options, name_output(c->arena, options), c->diag);
    }
    return stops_early(options) || build(c, plan);
}

static bool carry_out(Compilation *c, const Source **source)
{
    Arena *arena = c->arena;
    const Options *options = c->options;
    DiagSink *diag = c->diag;
    stopwatch_start(&c->watch);
    Interner *names = interner_create(arena);
    const char *name = name_of_model(arena, options, diag);
    *source = c->source = source_load(arena, options->input, diag);
    const AstFile *ast = after_parse(c, parse_source(arena, names, c->source, diag));
    Model *read = elaborate(arena, ast, name, (const Definition *)options->defines.items,
                            options->defines.count, diag);
    const Model *model = after_elaborate(c, weights_settle(arena, options, read, diag));
    const Model *judged = after_judging(c, judge_regimes(arena, model, diag));
    /* a block that is not what its author meant is still reported on */
    model = options->analyze ? model : judged;
    Graph *forward = lower_model(arena, model);
    Graph *whole = differentiate_graph(arena, forward);
    const Graph *graph = after_simplify(c, simplify_graph(arena, postpone_scales(arena, whole)));
    const Plan *plan = after_plan(c, plan_graph(arena, graph));
    bool done = finish(c, model, plan) && diag_error_count(diag) == 0;
    if (options->time_report) {
        stopwatch_print(&c->watch, stderr);
    }
    return done;
}

bool compile(Arena *arena, const Options *options, DiagSink *diag, const Source **source)
{
    Compilation c = {.arena = arena, .options = options, .diag = diag};
    return carry_out(&c, source);
}

bool compile_in_memory(Arena *arena, const Options *options, DiagSink *diag, const Source **source,
                       EmitOutput *objects)
{
    Compilation c = {.arena = arena, .options = options, .diag = diag, .objects = objects};
    return carry_out(&c, source);
}
