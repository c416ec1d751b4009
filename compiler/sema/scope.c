/* SPDX-License-Identifier: Apache-2.0
 *
 * Names: the consts and params of a file with their -D values, the words that are taken already,
 * and what was probably meant by a name that nobody declared.
 */
#include "sema/context.h"

#include "syntax/parse.h"

#include <math.h>
#include <stdlib.h>

static uint32_t hash(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++) {
        h = (h ^ (unsigned char)*name) * 16777619u;
    }
    return h;
}

static uint32_t find_slot(const NameTable *table, const char *name)
{
    uint32_t slot = hash(name) & (table->capacity - 1);
    while (table->names[slot] != NULL && !str_equal(table->names[slot], name)) {
        slot = (slot + 1) & (table->capacity - 1);
    }
    return slot;
}

int names_find(const NameTable *table, const char *name)
{
    if (table->capacity == 0) {
        return -1;
    }
    uint32_t slot = find_slot(table, name);
    return table->names[slot] ? table->values[slot] : -1;
}

static void grow(Arena *arena, NameTable *table)
{
    NameTable larger = {.capacity = table->capacity ? table->capacity * 2 : 16};
    larger.names = ARENA_ARRAY(arena, const char *, larger.capacity);
    larger.values = ARENA_ARRAY(arena, int, larger.capacity);
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (table->names[i] != NULL) {
            uint32_t slot = find_slot(&larger, table->names[i]);
            larger.names[slot] = table->names[i];
            larger.values[slot] = table->values[i];
        }
    }
    larger.count = table->count;
    *table = larger;
}

bool names_add(Arena *arena, NameTable *table, const char *name, int value)
{
    if (2 * table->count >= table->capacity) {
        grow(arena, table);
    }
    uint32_t slot = find_slot(table, name);
    if (table->names[slot] != NULL) {
        return false;
    }
    table->names[slot] = name;
    table->values[slot] = value;
    table->count++;
    return true;
}

/* Words with a meaning of their own in expressions: a const of that name could not be reached. */
bool scope_is_builtin(const char *name)
{
    static const char *const words[] = {"depth", "layer", "fan_in", "fan_out", "base",
                                        "sqrt",  "exp",   "log",    "log10",   "abs",
                                        "min",   "max",   "true",   "false"};
    for (size_t i = 0; i < LENGTH(words); i++) {
        if (str_equal(words[i], name)) {
            return true;
        }
    }
    return false;
}

Symbol *scope_find(Context *ctx, const char *name)
{
    int place = names_find(&ctx->symbol_names, name);
    return place < 0 ? NULL : &ctx->symbols.items[place];
}

/* Suggestions cost time for each candidate: not for machine-made files with thousands of names. */
enum { NEAREST_CANDIDATES = 2000, NEAREST_ERRORS = 100 };

const char *scope_nearest(Context *ctx, const char *name, const char *const *more, size_t count)
{
    if (ctx->symbols.count > NEAREST_CANDIDATES || count > NEAREST_CANDIDATES ||
        diag_error_count(ctx->diag) > NEAREST_ERRORS) {
        return NULL;
    }
    size_t total = ctx->symbols.count + count;
    const char **candidates = ARENA_ARRAY(ctx->arena, const char *, total);
    for (size_t i = 0; i < count; i++) {
        candidates[i] = more[i];
    }
    for (uint32_t i = 0; i < ctx->symbols.count; i++) {
        candidates[count + i] = ctx->symbols.items[i].name;
    }
    return str_nearest(name, candidates, total);
}

void hint_nearest(Context *ctx, Diag *diag, const char *name, const char *const *words,
                  size_t count)
{
    if (count > NEAREST_CANDIDATES || diag_error_count(ctx->diag) > NEAREST_ERRORS) {
        return;
    }
    const char *nearest = str_nearest(name, words, count);
    if (nearest != NULL) {
        diag_hint(ctx->diag, diag, "did you mean `%s`?", nearest);
    }
}

void unsupported(Context *ctx, const char *feature, Span span)
{
    if (names_add(ctx->arena, &ctx->unsupported, feature, 0)) {
        diag_report(ctx->diag, E_UNSUPPORTED, span, "%s not supported by this version", feature);
    }
}

double *param_defaults(Arena *arena, const Model *model)
{
    double *values = ARENA_ARRAY(arena, double, model->params.count);
    for (uint32_t i = 0; i < model->params.count; i++) {
        values[i] = model->params.items[i].value;
    }
    return values;
}

/* The value of `-D NAME=VALUE` is an expression of numbers: read by the language's own parser, in
 * a file of one line, whose messages are of no use to the user. */
static bool definition_value(Context *ctx, const Definition *definition, double *value,
                             bool *is_bool)
{
    Context inner = {.arena = ctx->arena, .model = ctx->model};
    inner.diag = diag_sink_create(ctx->arena);
    const char *text = str_format(ctx->arena, "const x = (%s)\n", definition->value);
    Source *source = source_from_text(ctx->arena, "-D", text, strlen(text));
    AstFile *file = parse_source(ctx->arena, interner_create(ctx->arena), source, inner.diag);
    const Ast *first = file ? file->declarations : NULL;
    if (first == NULL || diag_error_count(inner.diag) > 0 || first->kind != AST_CONST ||
        first->next != NULL || first->first == NULL) {
        return false;
    }
    const Expr *e = eval_scalar(&inner, first->first, ALLOW_BOOL, "a definition");
    if (e == NULL || !expr_is_number(e)) {
        return false;
    }
    *value = e->number;
    *is_bool = first->first->kind == AST_BOOL;
    return true;
}

/* The last definition of a name wins, as with a C compiler. */
static bool apply_definition(Context *ctx, const char *name, double *value, bool *is_bool)
{
    for (unsigned i = ctx->definition_count; i-- > 0;) {
        const Definition *definition = &ctx->definitions[i];
        if (!str_equal(definition->name, name)) {
            continue;
        }
        if (definition_value(ctx, definition, value, is_bool)) {
            return true;
        }
        diag_report(ctx->diag, E_DEFINITION_VALUE, (Span){0, 0},
                    "-D %s=%s: the value is not a number", name, definition->value);
        return false;
    }
    return false;
}

static void declare_const(Context *ctx, const Ast *ast, Symbol *symbol)
{
    const Expr *e = eval_scalar(ctx, ast->first, ALLOW_BOOL, "a const");
    if (e == NULL) {
        symbol->kind = SYMBOL_POISON;
    } else {
        symbol->value = e->number;
        const Symbol *other =
            ast->first->kind == AST_NAME ? scope_find(ctx, ast->first->text) : NULL;
        symbol->is_bool = ast->first->kind == AST_BOOL || (other != NULL && other->is_bool);
    }
    if (apply_definition(ctx, ast->text, &symbol->value, &symbol->is_bool) &&
        symbol->kind == SYMBOL_POISON && diag_error_count(ctx->diag) == 0) {
        symbol->kind = SYMBOL_CONST;
    }
}

static bool read_param_range(Context *ctx, const Ast *ast, Param *param)
{
    if (ast->range == NULL || ast->range->kind != AST_RANGE) {
        return ast->range == NULL;
    }
    const Ast *low = ast->range->first;
    if (!eval_number(ctx, low, "the range of a param", &param->low) ||
        !eval_number(ctx, low->next, "the range of a param", &param->high)) {
        return false;
    }
    if (param->low > param->high) {
        diag_report(ctx->diag, E_VALUE_RANGE, ast->range->span,
                    "the range of `%s` is empty: %g is greater than %g", param->name, param->low,
                    param->high);
        return false;
    }
    return true;
}

static void check_default(Context *ctx, const Ast *ast, const Param *param, bool defined)
{
    if (param->value >= param->low && param->value <= param->high) {
        return;
    }
    const char *format = defined ? "-D sets `%s` to %s, outside its range %s..%s"
                                 : "the default of `%s` is %s, outside its range %s..%s";
    const char *text =
        str_format(ctx->arena, format, param->name, number_text(ctx->arena, param->value),
                   number_text(ctx->arena, param->low), number_text(ctx->arena, param->high));
    Diag *d = diag_report(ctx->diag, E_PARAM_RANGE, ast->first->span, "%s", text);
    diag_label(ctx->diag, d, ast->range->span, "the range of `%s`", param->name);
}

static void declare_param(Context *ctx, const Ast *ast, Symbol *symbol)
{
    Param param = {.name = ast->text, .doc = ast->doc, .span = ast->name_span};
    param.low = -HUGE_VAL;
    param.high = HUGE_VAL;
    bool good = eval_number(ctx, ast->first, "the default of a param", &param.value);
    bool is_bool = false;
    bool defined = apply_definition(ctx, ast->text, &param.value, &is_bool);
    if (read_param_range(ctx, ast, &param) && good) {
        symbol->range = ast->range != NULL ? ast->range->span : symbol->range;
        check_default(ctx, ast, &param, defined);
        symbol->kind = SYMBOL_PARAM;
    } else {
        symbol->kind = SYMBOL_POISON;
    }
    symbol->param = (int)ctx->model->params.count;
    vec_push(ctx->arena, &ctx->model->params, param);
}

static void report_taken(Context *ctx, const Ast *ast)
{
    const Symbol *old = scope_find(ctx, ast->text);
    if (old != NULL) {
        Diag *d = diag_report(ctx->diag, E_REDECLARED, ast->name_span, "`%s` is declared twice",
                              ast->text);
        diag_label(ctx->diag, d, old->span, "first declared here");
    }
}

static void declare_name(Context *ctx, const Ast *ast)
{
    if (scope_is_builtin(ast->text)) {
        diag_report(ctx->diag, E_RESERVED_NAME, ast->name_span,
                    "`%s` has a meaning of its own in expressions, and cannot be declared",
                    ast->text);
    }
    Symbol symbol = {.name = ast->text, .span = ast->name_span};
    if (names_add(ctx->arena, &ctx->symbol_names, ast->text, (int)ctx->symbols.count)) {
        vec_push(ctx->arena, &ctx->symbols, symbol);
    } else {
        report_taken(ctx, ast);
    }
}

static void check_definitions(Context *ctx)
{
    for (unsigned i = 0; i < ctx->definition_count; i++) {
        const char *name = ctx->definitions[i].name;
        if (scope_find(ctx, name) == NULL) {
            Diag *d =
                diag_report(ctx->diag, E_UNKNOWN_DEFINITION, (Span){0, 0},
                            "-D %s: the file declares no const and no param of that name", name);
            const char *nearest = scope_nearest(ctx, name, NULL, 0);
            if (nearest != NULL) {
                diag_hint(ctx->diag, d, "did you mean `%s`?", nearest);
            }
        }
    }
}

/* All names first, so that a use before the declaration can be told from an unknown name. */
void scope_declare(Context *ctx, const Ast *declarations)
{
    for (const Ast *ast = declarations; ast != NULL; ast = ast->next) {
        if (ast->kind == AST_CONST || ast->kind == AST_PARAM) {
            declare_name(ctx, ast);
        }
    }
    for (const Ast *ast = declarations; ast != NULL; ast = ast->next) {
        if (ast->kind != AST_CONST && ast->kind != AST_PARAM) {
            continue;
        }
        Symbol symbol = *scope_find(ctx, ast->text);
        if (symbol.ready) {
            continue;
        }
        if (ast->kind == AST_CONST) {
            declare_const(ctx, ast, &symbol);
        } else {
            declare_param(ctx, ast, &symbol);
        }
        symbol.ready = true;
        *scope_find(ctx, ast->text) = symbol;
    }
    check_definitions(ctx);
}
