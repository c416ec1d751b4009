/* SPDX-License-Identifier: Apache-2.0
 *
 * Constructors of Ast nodes, called by the grammar's actions and by nobody else. They take the
 * parser for its arena and its sink; a child may be NULL only where the name says optional.
 */
#ifndef RNET_SYNTAX_AST_BUILD_H
#define RNET_SYNTAX_AST_BUILD_H

#include "syntax/ast.h"

struct Parser;

typedef struct AstList {
    Ast *first, *last;
} AstList;

/* An interned word and its place; text may be NULL where it is optional. */
typedef struct AstWord {
    const char *text;
    Span span;
} AstWord;

AstWord ast_word(const char *text, Span span);

AstList ast_list_empty(void);
AstList ast_list_of(Ast *node);
AstList ast_list_append(AstList list, Ast *node);

Ast *ast_number(struct Parser *parser, Span span, const char *text);
Ast *ast_string(struct Parser *parser, Span span, const char *text);
Ast *ast_bool(struct Parser *parser, Span span, int value);
Ast *ast_name(struct Parser *parser, Span span, const char *text);
Ast *ast_negate(struct Parser *parser, Span span, Ast *operand);
Ast *ast_binary(struct Parser *parser, Span span, AstOp op, Ast *left, Ast *right);
Ast *ast_pair(struct Parser *parser, AstKind kind, Span span, Ast *left, Ast *right);
/* Call, index, list, label, argument: a word and children. */
Ast *ast_wrap(struct Parser *parser, AstKind kind, Span span, AstWord word, AstList children);

Ast *ast_const(struct Parser *parser, Span span, AstWord name, Ast *value, AstWord doc);
Ast *ast_param(struct Parser *parser, Span span, AstWord name, Ast *value, Ast *optional_range,
               AstWord doc);
Ast *ast_block(struct Parser *parser, Span span, AstWord keyword, AstWord optional_name,
               Ast *optional_depth, AstList body);
Ast *ast_statement(struct Parser *parser, Span span, AstWord keyword, AstWord optional_label,
                   AstList values);
Ast *ast_if(struct Parser *parser, Span span, Ast *condition, AstList body, Ast *optional_else);
Ast *ast_else(struct Parser *parser, Span span, AstList body);
/* An expression as a statement: layers, or a bound such as `q < 2`, which stays as it is. */
Ast *ast_bare(struct Parser *parser, Span span, Ast *expression);
Ast *ast_error(struct Parser *parser, Span span);

#endif
