/* SPDX-License-Identifier: Apache-2.0
 *
 * Ast: what was written. Names, numbers, operators and spans; no types, no defaults, no meaning.
 *
 * One node type. Expressions use kind, text, number, op, children; statements use keyword,
 * children, body. Children are a list through `next`. The live fields by kind:
 *
 *   AST_NUMBER    number, text (as written)       AST_STRING  text (without quotes)
 *   AST_BOOL      number (0 or 1)                 AST_NAME    text
 *   AST_NEGATE    first                           AST_BINARY  op, first, first->next
 *   AST_CALL      text, first… (AST_ARG or expr)  AST_INDEX   text, first…     `image[28, 28]`
 *   AST_LIST      first…                          AST_LABEL   text, first      `W: dense(d)`
 *   AST_ARG       text, first                     `bias = false`
 *   AST_RANGE     first .. first->next            AST_IN      first in first->next
 *   AST_OVER      first over first->next
 *   AST_STATEMENT text = keyword ("alpha", "init", "measure", "stop", …), first… = values, doc,
 *                 label = `W` of `init W: he` (name_span its place)
 *   AST_CONST     text = name, first = value, doc
 *   AST_PARAM     text = name, first = default, range = AST_RANGE or NULL, doc
 *   AST_BLOCK     text = "model" | "train" | "probe" | "check" | "sweep" | "residual" |
 *                 "recurrent"; name = its name or NULL; depth = expression or NULL; body
 *   AST_LAYERS    first = an expression that stands as a statement: layers of the model. The bounds
 *                 of a check stand as AST_BINARY (`q < 2`) or AST_IN themselves
 *   AST_IF        first = condition, body, otherwise = AST_IF, AST_BLOCK "else" or NULL
 *   AST_ERROR     poison: a place where recovery dropped something; stay silent about it
 *
 * Worked example: `alpha depth^-beta` is AST_STATEMENT "alpha" whose first child is AST_BINARY '^'
 * of AST_NAME depth and AST_NEGATE of AST_NAME beta.
 */
#ifndef RNET_SYNTAX_AST_H
#define RNET_SYNTAX_AST_H

#include "support/source.h"

#include <stdio.h>

typedef enum AstKind {
    AST_NONE,
#define A(tag, spelling) tag,
#include "syntax/ast.def"
#undef A
    AST_KIND_COUNT
} AstKind;

typedef enum AstOp {
    AST_OP_NONE,
    AST_OP_ARROW,
    AST_OP_EQ,
    AST_OP_NE,
    AST_OP_LT,
    AST_OP_LE,
    AST_OP_GT,
    AST_OP_GE,
    AST_OP_ADD,
    AST_OP_SUB,
    AST_OP_MUL,
    AST_OP_DIV,
    AST_OP_POW
} AstOp;

typedef struct Ast Ast;
struct Ast {
    AstKind kind;
    AstOp op;
    Span span;       /* all of it, from first to last byte */
    Span name_span;  /* of text (a keyword, a declared name, a label, an argument's name) */
    Ast *next;       /* the next sibling */
    Ast *first;      /* children */
    const char *text;   /* interned */
    const char *name;   /* blocks: the given name, interned; else NULL */
    const char *label;  /* `init W: …`: "W", interned; else NULL */
    const char *doc;    /* the string after a declaration, or NULL */
    double number;
    Ast *range;         /* AST_PARAM */
    Ast *depth;         /* AST_BLOCK residual */
    Ast *body;          /* AST_BLOCK, AST_IF: statements through `next` */
    Ast *otherwise;     /* AST_IF */
    Span doc_span;
    Span block_name_span; /* blocks: place of `name` */
};

/* The whole file: its top-level declarations through `next`. */
typedef struct AstFile {
    const Source *source;
    Ast *declarations;
} AstFile;

const char *ast_kind_name(AstKind kind);
const char *ast_op_spelling(AstOp op);

/* S-expressions with spans, one declaration a line group: --dump=ast. */
void ast_print(const AstFile *file, FILE *out);

#endif
