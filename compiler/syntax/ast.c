/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of kinds and operators, and the constructors.
 */
#include "syntax/ast_build.h"

#include "syntax/parser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *ast_kind_name(AstKind kind)
{
    static const char *const names[AST_KIND_COUNT] = {
#define A(tag, spelling) [tag] = spelling,
#include "syntax/ast.def"
#undef A
    };
    return kind > AST_NONE && kind < AST_KIND_COUNT ? names[kind] : "none";
}

const char *ast_op_spelling(AstOp op)
{
    static const char *const spellings[] = {
        [AST_OP_ARROW] = "->", [AST_OP_EQ] = "==", [AST_OP_NE] = "!=", [AST_OP_LT] = "<",
        [AST_OP_LE] = "<=",    [AST_OP_GT] = ">",  [AST_OP_GE] = ">=", [AST_OP_ADD] = "+",
        [AST_OP_SUB] = "-",    [AST_OP_MUL] = "*", [AST_OP_DIV] = "/", [AST_OP_POW] = "^",
    };
    return op > AST_OP_NONE && op <= AST_OP_POW ? spellings[op] : "?";
}

AstWord ast_word(const char *text, Span span)
{
    return (AstWord){text, span};
}

AstList ast_list_empty(void)
{
    return (AstList){NULL, NULL};
}

AstList ast_list_of(Ast *node)
{
    return (AstList){node, node};
}

AstList ast_list_append(AstList list, Ast *node)
{
    if (!list.first) {
        return ast_list_of(node);
    }
    list.last->next = node;
    list.last = node;
    return list;
}

static Ast *create_node(Parser *parser, AstKind kind, Span span)
{
    Ast *node = ARENA_NEW(parser->arena, Ast);
    node->kind = kind;
    node->span = span;
    node->name_span = span;
    return node;
}

static bool has_nonzero_digit(const char *text)
{
    size_t mantissa = strcspn(text, "eE");
    return strcspn(text, "123456789") < mantissa;
}

Ast *ast_number(Parser *parser, Span span, const char *text)
{
    Ast *node = create_node(parser, AST_NUMBER, span);
    node->text = text;
    node->number = strtod(text, NULL);
    if (!isfinite(node->number)) {
        diag_report(parser->diag, E_NUMBER_RANGE, span,
                    "number is too large: the greatest is about 1.8e308");
    } else if (node->number == 0 && has_nonzero_digit(text)) {
        diag_report(parser->diag, E_NUMBER_RANGE, span,
                    "number is too small: the least above 0 is about 4.9e-324");
    }
    return node;
}

Ast *ast_string(Parser *parser, Span span, const char *text)
{
    Ast *node = create_node(parser, AST_STRING, span);
    node->text = text;
    return node;
}

Ast *ast_bool(Parser *parser, Span span, int value)
{
    Ast *node = create_node(parser, AST_BOOL, span);
    node->number = value;
    return node;
}

Ast *ast_name(Parser *parser, Span span, const char *text)
{
    Ast *node = create_node(parser, AST_NAME, span);
    node->text = text;
    return node;
}

Ast *ast_negate(Parser *parser, Span span, Ast *operand)
{
    Ast *node = create_node(parser, AST_NEGATE, span);
    node->first = operand;
    return node;
}

Ast *ast_pair(Parser *parser, AstKind kind, Span span, Ast *left, Ast *right)
{
    Ast *node = create_node(parser, kind, span);
    node->first = left;
    left->next = right;
    return node;
}

Ast *ast_binary(Parser *parser, Span span, AstOp op, Ast *left, Ast *right)
{
    Ast *node = ast_pair(parser, AST_BINARY, span, left, right);
    node->op = op;
    return node;
}

Ast *ast_wrap(Parser *parser, AstKind kind, Span span, AstWord word, AstList children)
{
    Ast *node = create_node(parser, kind, span);
    node->text = word.text;
    node->name_span = word.span;
    node->first = children.first;
    return node;
}

static void set_doc(Ast *node, AstWord doc)
{
    if (doc.text) {
        node->doc = doc.text;
        node->doc_span = doc.span;
    }
}

Ast *ast_const(Parser *parser, Span span, AstWord name, Ast *value, AstWord doc)
{
    Ast *node = ast_wrap(parser, AST_CONST, span, name, ast_list_of(value));
    set_doc(node, doc);
    return node;
}

Ast *ast_param(Parser *parser, Span span, AstWord name, Ast *value, Ast *optional_range,
               AstWord doc)
{
    Ast *node = ast_wrap(parser, AST_PARAM, span, name, ast_list_of(value));
    node->range = optional_range;
    set_doc(node, doc);
    return node;
}

Ast *ast_block(Parser *parser, Span span, AstWord keyword, AstWord optional_name,
               Ast *optional_depth, AstList body)
{
    Ast *node = ast_wrap(parser, AST_BLOCK, span, keyword, ast_list_empty());
    node->name = optional_name.text;
    node->block_name_span = optional_name.text ? optional_name.span : keyword.span;
    node->depth = optional_depth;
    node->body = body.first;
    return node;
}

Ast *ast_statement(Parser *parser, Span span, AstWord keyword, AstWord optional_label,
                   AstList values)
{
    Ast *node = ast_wrap(parser, AST_STATEMENT, span, keyword, values);
    if (optional_label.text) {
        node->label = optional_label.text;
        node->name_span = optional_label.span;
    }
    return node;
}

Ast *ast_if(Parser *parser, Span span, Ast *condition, AstList body, Ast *optional_else)
{
    Ast *node = create_node(parser, AST_IF, span);
    node->first = condition;
    node->body = body.first;
    node->otherwise = optional_else;
    return node;
}

Ast *ast_else(Parser *parser, Span span, AstList body)
{
    Ast *node = create_node(parser, AST_BLOCK, span);
    node->text = intern(parser->names, "else", strlen("else"));
    node->body = body.first;
    return node;
}

Ast *ast_bare(Parser *parser, Span span, Ast *expression)
{
    bool bound = expression->kind == AST_BINARY && expression->op >= AST_OP_EQ &&
                 expression->op <= AST_OP_GE;
    if (bound) {
        return expression;
    }
    return ast_wrap(parser, AST_LAYERS, span, ast_word(NULL, span), ast_list_of(expression));
}

Ast *ast_error(Parser *parser, Span span)
{
    return create_node(parser, AST_ERROR, span);
}
