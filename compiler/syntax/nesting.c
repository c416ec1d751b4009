/* SPDX-License-Identifier: Apache-2.0
 *
 * The depth of a tree, so that every later walk may recurse. A chain of one kind of operator
 * (`a + b - c`) leans to the left and counts once; its length has a limit of its own.
 */
#include "syntax/parser.h"

enum { CHAIN_LIMIT = 1000 };

static int precedence(AstOp op)
{
    switch (op) {
    case AST_OP_ARROW:
        return 1;
    case AST_OP_ADD:
    case AST_OP_SUB:
        return 3;
    case AST_OP_MUL:
    case AST_OP_DIV:
        return 4;
    case AST_OP_POW:
        return 5;
    case AST_OP_NONE:
    case AST_OP_EQ:
    case AST_OP_NE:
    case AST_OP_LT:
    case AST_OP_LE:
    case AST_OP_GT:
    case AST_OP_GE:
        break;
    }
    return 2;
}

static bool is_chained(const Ast *node, const Ast *left)
{
    return left->kind == AST_BINARY && precedence(left->op) == precedence(node->op);
}

static bool check_node(Parser *parser, const Ast *node, int depth);

static bool check_list(Parser *parser, const Ast *node, int depth)
{
    for (; node; node = node->next) {
        if (!check_node(parser, node, depth)) {
            return false;
        }
    }
    return true;
}

/* Walks down the left side in a loop: that is where a chain is long. */
static bool check_chain(Parser *parser, const Ast *node, int depth)
{
    for (int length = 1;; length++) {
        const Ast *left = node->first;
        if (!check_node(parser, left->next, depth + 1)) {
            return false;
        }
        if (!is_chained(node, left)) {
            return check_node(parser, left, depth + 1);
        }
        if (length == CHAIN_LIMIT) {
            diag_report(parser->diag, E_NESTING, node->name_span,
                        "an expression has more than %d operators in a row", CHAIN_LIMIT);
            return false;
        }
        node = left;
    }
}

static bool check_node(Parser *parser, const Ast *node, int depth)
{
    if (!node) {
        return true;
    }
    if (depth > NESTING_LIMIT) {
        diag_report(parser->diag, E_NESTING, node->span, "nested more than %d deep", NESTING_LIMIT);
        return false;
    }
    if (node->kind == AST_BINARY) {
        return check_chain(parser, node, depth);
    }
    return check_list(parser, node->first, depth + 1) &&
           check_node(parser, node->range, depth + 1) &&
           check_node(parser, node->depth, depth + 1) &&
           check_list(parser, node->body, depth + 1) &&
           check_node(parser, node->otherwise, depth + 1);
}

void parser_check_nesting(Parser *parser)
{
    check_list(parser, parser->declarations, 0);
}
