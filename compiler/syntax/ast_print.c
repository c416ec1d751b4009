/* SPDX-License-Identifier: Apache-2.0
 *
 * --dump=ast: S-expressions, one node a line, children indented, spans as [begin,end).
 */
#include "syntax/ast.h"

#include "syntax/print_ast.h"

static void print_list(const Ast *node, int indent, SpanUse spans, FILE *out);

static void print_head(const Ast *node, SpanUse spans, FILE *out)
{
    fprintf(out, "(%s", ast_kind_name(node->kind));
    if (node->op != AST_OP_NONE) {
        fprintf(out, " %s", ast_op_spelling(node->op));
    }
    if (node->kind == AST_STRING) {
        fprintf(out, " \"%s\"", node->text);
    } else if (node->text) {
        fprintf(out, " %s", node->text);
    }
    if (node->kind == AST_BOOL) {
        fputs(node->number != 0 ? " true" : " false", out);
    }
    if (node->name) {
        fprintf(out, " name=%s", node->name);
    }
    if (node->label) {
        fprintf(out, " label=%s", node->label);
    }
    if (node->doc) {
        fprintf(out, " doc=\"%s\"", node->doc);
    }
    if (spans == SPANS_SHOWN) {
        fprintf(out, " [%u,%u)", node->span.begin, node->span.end);
    }
}

static void print_part(const char *name, const Ast *part, int indent, SpanUse spans, FILE *out)
{
    if (part) {
        fprintf(out, "\n%*s(%s", indent, "", name);
        print_list(part, indent + 2, spans, out);
        fputs(")", out);
    }
}

static void print_node(const Ast *node, int indent, SpanUse spans, FILE *out)
{
    fprintf(out, "\n%*s", indent, "");
    print_head(node, spans, out);
    print_list(node->first, indent + 2, spans, out);
    print_part("in", node->range, indent + 2, spans, out);
    print_part("depth", node->depth, indent + 2, spans, out);
    print_part("body", node->body, indent + 2, spans, out);
    print_part("otherwise", node->otherwise, indent + 2, spans, out);
    fputs(")", out);
}

static void print_list(const Ast *node, int indent, SpanUse spans, FILE *out)
{
    for (; node; node = node->next) {
        print_node(node, indent, spans, out);
    }
}

void ast_print_as(const AstFile *file, SpanUse spans, FILE *out)
{
    fputs("(file", out);
    print_list(file->declarations, 2, spans, out);
    fputs(")\n", out);
}

void ast_print(const AstFile *file, FILE *out)
{
    ast_print_as(file, SPANS_SHOWN, out);
}
