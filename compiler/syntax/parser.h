/* SPDX-License-Identifier: Apache-2.0
 *
 * What the generated parser, the constructors and the error reporter share during one parse.
 */
#ifndef RNET_SYNTAX_PARSER_H
#define RNET_SYNTAX_PARSER_H

#include "syntax/layout.h"
#include "syntax/parse.h"

#include "rnet_grammar.h"

typedef struct Parser {
    Arena *arena;
    Interner *names;
    const Source *source;
    DiagSink *diag;
    Layout *layout;
    Token previous, current; /* given to the generated parser last */
    Ast *declarations;
} Parser;

int rnet_yylex(RNET_YYSTYPE *value, Span *span, Parser *parser);
void rnet_yyerror(Span *span, Parser *parser, const char *message);

/* Words the message for the current token; `expected` are the grammar's names of tokens. */
void parser_syntax_error(Parser *parser, Span span, const char *const *expected, int count);

/* Reports expression trees, blocks and `else if` chains that are nested too deeply. */
void parser_check_nesting(Parser *parser);

#endif
