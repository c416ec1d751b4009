/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of sema/ share while they turn one Ast into one Model; nobody else includes it.
 *
 * A failed subject is poison: NULL, or a shape of rank 0. Whoever meets poison stays silent, so
 * that one mistake gives one message.
 */
#ifndef RNET_SEMA_CONTEXT_H
#define RNET_SEMA_CONTEXT_H

#include "sema/elaborate.h"
#include "support/str.h"

/* Text to number, hashed: files with a million names are still read in linear time. */
typedef struct NameTable {
    const char **names; /* [capacity], NULL where free */
    int *values;
    uint32_t capacity, count;
} NameTable;

int names_find(const NameTable *table, const char *name); /* -1: absent */
bool names_add(Arena *arena, NameTable *table, const char *name, int value);

typedef enum SymbolKind { SYMBOL_CONST, SYMBOL_PARAM, SYMBOL_POISON } SymbolKind;

typedef struct Symbol {
    const char *name;
    SymbolKind kind;
    bool is_bool, ready;             /* ready: its value may be used */
    bool refused, mistaken, reaches; /* said: not where a const is wanted; wrong; range too wide */
    Span span, range;                /* of the name; of a PARAM's range, where it declares one */
    double value;                    /* CONST */
    int param;                       /* PARAM */
} Symbol;

/* What the names and laws of a tensor hang on. One for each tensor, same index. */
typedef struct TensorNote {
    const char *part; /* "weight" */
    Layer *layer;     /* or NULL: then the tensor's name is part, after the block's */
    bool own_law;     /* stated at the layer itself */
} TensorNote;

/* A layer that wants a name, in the order of appearance. */
typedef struct Scope {
    const char *block; /* prefix of names; NULL at the top level */
    Stack *stack;      /* or NULL */
    VEC(Layer *) layers;
    NameTable labels; /* taken ones */
    int scales;
    const Shape *state; /* what `input(…)` reads, NULL outside blocks */
} Scope;

typedef struct Context {
    Arena *arena;
    DiagSink *diag;
    Model *model;
    const Definition *definitions;
    unsigned definition_count;
    VEC(Symbol) symbols;
    NameTable symbol_names;
    NameTable unsupported; /* features reported already */
    VEC(TensorNote) notes;
    VEC(Scope *) scopes; /* the top level, then one a block */
    NameTable tensor_names, stack_names;
    int nesting, operators;           /* of the expression being read */
    int unnamed_blocks, unnamed_seen; /* residual blocks without a name */
    Measure *measure;                 /* being read, else NULL */
    bool quantity_seen, trained_seen;
    double depth;  /* of the block whose correlations are read; 0: `depth` is not known */
    bool lost;     /* statements failed to be read: none is called missing */
    bool poisoned; /* a part of the model failed: what hangs on the whole stays silent */
} Context;

/* scope.c */
Symbol *scope_find(Context *ctx, const char *name);
void scope_declare(Context *ctx, const Ast *declarations);
bool scope_is_builtin(const char *name);
const char *scope_nearest(Context *ctx, const char *name, const char *const *more, size_t count);
void hint_nearest(Context *ctx, Diag *diag, const char *name, const char *const *words,
                  size_t count);
void unsupported(Context *ctx, const char *feature, Span span);
double *param_defaults(Arena *arena, const Model *model);

/* Statements of a body, `if` resolved; AST_ERROR dropped. */
typedef VEC(const Ast *) Statements;
void collect_statements(Context *ctx, const Ast *body, Statements *out);
/* The only statement of that keyword, or NULL; reports a second one. */
const Ast *single_statement(Context *ctx, const Statements *statements, const char *keyword);
/* Reports what is no `keyword value` statement, in a block that has nothing else. */
void reject_bare(Context *ctx, const Statements *statements, const char *block);
/* The only value of a statement; NULL and a message where there are none or several. */
const Ast *single_value(Context *ctx, const Ast *statement);

/* eval.c */
enum {
    ALLOW_PARAMS = 1,
    ALLOW_DEPTH = 2,
    ALLOW_LAYER = 4,
    ALLOW_FAN = 8,
    ALLOW_BASE = 16,
    ALLOW_QUANTITY = 32,
    ALLOW_BOOL = 64,
    WHOLE = 128, /* allows nothing: what is wanted is a whole number, as messages say */
    ALLOW_BLOCK = ALLOW_PARAMS | ALLOW_DEPTH | ALLOW_LAYER
};

/* Bounds of a value; `open_low` excludes low itself. */
typedef struct Range {
    double low, high;
    bool open_low, open_high;
} Range;

/* `what` names the role in messages: "the width of a layer". NULL is poison. */
const Expr *eval_scalar(Context *ctx, const Ast *ast, unsigned allows, const char *what);
/* With bounds, checked where the value is known: for numbers, and at the params' defaults. */
const Expr *eval_ranged(Context *ctx, const Ast *ast, unsigned allows, const char *what,
                        Range range);
/* A count: its params become integers. */
const Expr *eval_count(Context *ctx, const Ast *ast, const char *what, double low);
bool eval_number(Context *ctx, const Ast *ast, const char *what, double *value);
bool eval_size(Context *ctx, const Ast *ast, const char *what, int64_t low, int64_t *value);
bool eval_bool(Context *ctx, const Ast *ast, const char *what, bool *value);
const char *eval_string(Context *ctx, const Ast *ast, const char *what);
/* A word out of a list: its place, or -1. */
int eval_word(Context *ctx, const Ast *ast, const char *what, const char *const *words,
              size_t count);
bool is_scalar(Context *ctx, const Ast *ast);
const char *number_text(Arena *arena, double value); /* as short as reads back the same */
bool is_call(const Ast *ast); /* NAME or CALL: something that may take arguments */
void mark_integer(Context *ctx, const Expr *e);
const Expr *number_at(Context *ctx, double value);
const Expr *multiply(Context *ctx, const Expr *a, const Expr *b);
/* Splits `2 * he / depth` into `he` and the scalar; *scale stays NULL where there is none. */
const Ast *split_scaled(Context *ctx, const Ast *ast, unsigned allows, const char *what,
                        const Expr **scale);

/* attributes.c: binds a call's arguments to the names of `spec`, in its order.
 *   "n" positional or by name, required; "n?" the same, optional;
 *   "key=default" by name, optional; "key=" by name, required; "key=-" by name, no default.
 * Absent ones are NULL. False where a message was given. */
enum { ARGUMENTS_MAX = 10 };
bool bind_arguments(Context *ctx, const Ast *call, const char *spec,
                    const Ast *values[ARGUMENTS_MAX]);

/* layer.c, shape.c */
Layer *elaborate_layer(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin);
Layer *elaborate_dense(Context *ctx, Scope *scope, const Ast *ast, Shape in);
bool layer_shape(Context *ctx, Layer *layer, const Ast *ast, const Ast *const *values, Span origin);
bool shape_check_size(Context *ctx, const Shape *shape, Span span);
bool shape_equal(const Shape *a, const Shape *b);
const char *shape_text(Arena *arena, const Shape *shape);
const Layer *shape_source(const Layer *layer);
bool is_layer_name(const char *name);

/* tensor.c */
Tensor *add_tensor(Context *ctx, Scope *scope, Layer *layer, const char *part, RnRole role);
void set_dims(Tensor *tensor, int rank, const int64_t *dims);
void create_tensors(Context *ctx, Scope *scope, Layer *layer, bool bias);
Scope *add_scope(Context *ctx, const char *block, Stack *stack);
void name_everything(Context *ctx);

/* law.c, correlation.c */
bool read_law(Context *ctx, const Ast *ast, unsigned allows, Law *law);
bool read_correlation(Context *ctx, const Ast *ast, Correlation *correlation);
double default_depth(Context *ctx, const Stack *stack);
void own_law(Context *ctx, Tensor *tensor, const Ast *ast, bool in_block);
void default_law(Context *ctx, Tensor *tensor);
void apply_block_laws(Context *ctx, Scope *scope, const Statements *statements);

/* stack.c, skip.c, alpha.c */
Stack *elaborate_residual(Context *ctx, const Ast *block, Shape in, Span origin);
Shape elaborate_recurrent(Context *ctx, const Ast *block, Shape in);
void elaborate_skip(Context *ctx, Scope *scope, const Ast *statement, size_t branches);
void elaborate_alpha(Context *ctx, Scope *scope, const Ast *statement, Branch *branch,
                     const char *name);

/* data.c, optimizer.c, train.c */
void read_data(Context *ctx, const Ast *statement, Data *data, bool in_train);
void read_loss(Context *ctx, const Ast *statement, LossSpec *loss, bool in_train);
void check_data(Context *ctx, const Data *data, RnLossKind loss);
void check_probe_data(Context *ctx, const Data *data, const LossSpec *loss);
void read_optimizer(Context *ctx, const Ast *statement, Optimizer *optimizer);
void read_schedule(Context *ctx, const Ast *statement, Schedule *schedule);
void read_rules(Context *ctx, const Statements *statements, const Optimizer *optimizer);
void read_transfer(Context *ctx, const Ast *statement, Train *train);
void elaborate_train(Context *ctx, const Ast *block);

/* measure.c, quantity.c, sweep.c */
bool read_measure(Context *ctx, const Ast *ast, Measure *measure);
bool add_measure(Context *ctx, Probe *to, NameTable *seen, const char *name, const Measure *new);
void read_when(Context *ctx, const Statements *statements, When *when);
const Expr *read_quantity(Context *ctx, const Ast *ast);
bool is_quantity(const char *name);
void elaborate_probe(Context *ctx, const Ast *block);
void elaborate_check(Context *ctx, const Ast *block);
void elaborate_sweep(Context *ctx, const Ast *block);

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#endif
