/* SPDX-License-Identifier: Apache-2.0
 *
 * Source to Ast: sets the scanner, the filter and the generated parser up and takes them down.
 */
#include "syntax/parse.h"

#include "syntax/parser.h"

/* A string loses its quotes, and may lack the closing one. */
static Span text_of(const Parser *parser, Token token)
{
    Span span = token.span;
    if (token.kind == TOKEN_STRING && parser->source->text[span.begin] == '"') {
        span.begin++;
        span.end -= span.end > span.begin;
    }
    return span;
}

int rnet_yylex(RNET_YYSTYPE *value, Span *span, Parser *parser)
{
    parser->previous = parser->current;
    parser->current = layout_next(parser->layout);
    *span = parser->current.span;
    Span text = text_of(parser, parser->current);
    value->text = intern(parser->names, parser->source->text + text.begin, text.end - text.begin);
    return parser->current.kind;
}

void rnet_yyerror(Span *span, Parser *parser, const char *message)
{
    (void)message; /* the generated parser has one left: its stack is full */
    diag_report(parser->diag, E_NESTING, *span, "expressions are nested too deeply");
}

AstFile *parse_source(Arena *arena, Interner *names, const Source *source, DiagSink *diag)
{
    if (!source) {
        return NULL;
    }
    unsigned errors_before = diag_error_count(diag);
    Parser parser = {.arena = arena, .names = names, .source = source, .diag = diag};
    parser.layout = layout_create(arena, source, diag);
    rnet_yyparse(&parser);
    layout_dispose(parser.layout);
    if (diag_error_count(diag) == errors_before) {
        parser_check_nesting(&parser);
    }
    if (diag_error_count(diag) != errors_before) {
        return NULL;
    }
    AstFile *file = ARENA_NEW(arena, AstFile);
    file->source = source;
    file->declarations = parser.declarations;
    return file;
}
