/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar. Its tokens come from the layout filter, which has ended the statements, balanced
 * the brackets and decided which word is a keyword; so every block may hold every statement here,
 * and a keyword token only arrives where its block has it. Actions build nodes, nothing else.
 */
%require "3.8"
%define api.pure full
%define api.prefix {rnet_yy}
%define api.token.prefix {TOKEN_}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
/* Never raise this: rewrite the rules. */
%expect 0
%locations
%param {struct Parser *parser}
%initial-action { @$ = (Span){0, 0}; }

%code requires {
#include "syntax/ast_build.h"
#include "support/source.h"
struct Parser;
}

%code {
#include "syntax/parser.h"

#define YYLLOC_DEFAULT(current, rhs, n)                                                            \
    do {                                                                                           \
        (current).begin = (n) ? YYRHSLOC(rhs, 1).begin : YYRHSLOC(rhs, 0).end;                     \
        (current).end = YYRHSLOC(rhs, n).end;                                                      \
    } while (0)
}

%union {
    Ast *node;
    AstList list;
    AstOp op;
    const char *text;
}

%token END_OF_FILE 0 "the end of the file"
%token END "the end of the statement"
%token <text> NAME "a name" NUMBER "a number" STRING "a string"
%token TRUE "`true`" FALSE "`false`"
%token ARROW "`->`" EQ "`==`" NE "`!=`" LT "`<`" LE "`<=`" GT "`>`" GE "`>=`"
%token PLUS "`+`" MINUS "`-`" STAR "`*`" SLASH "`/`" CARET "`^`"
%token LPAREN "`(`" RPAREN "`)`" LBRACKET "`[`" RBRACKET "`]`" LBRACE "`{`" RBRACE "`}`"
%token COMMA "`,`" COLON "`:`" ASSIGN "`=`" DOTS "`..`"
%token IN "`in`" OVER "`over`" BEST "`best`" DEPTH "`depth`" IF "`if`" ELSE "`else`"
%token <text> CONST "`const`" PARAM "`param`" BLOCK "a block" SWEEP "`sweep`"
%token <text> RESIDUAL "`residual`" RECURRENT "`recurrent`"
%token <text> KEYWORD "a statement" LABELLED "a labelled statement" MEASURE "`measure`"
%token <text> SUBJECT "a label"
/* Something that the filter has reported already. */
%token BROKEN "something unreadable"

%type <node> statement choice expression comparison sum term unary power exponent labelled primary
%type <node> argument measurement set range
%type <list> statements block values expressions arguments argument_list items measurements
%type <op> relation
%type <text> doc block_name

%%

/* file = { statement } ; */
file
    : statements                            { parser->declarations = $1.first; }
    ;

statements
    : %empty                                { $$ = ast_list_empty(); }
    | statements statement                  { $$ = ast_list_append($1, $2); }
    ;

/* block = "{" { statement } "}" ; */
block
    : LBRACE statements RBRACE              { $$ = $2; }
    ;

/* statement = ( "const" NAME "=" expression [ STRING ]
 *             | "param" NAME "=" expression [ "in" range ] [ STRING ]
 *             | ( "model" | "train" | "probe" | "check" ) block | "sweep" NAME block
 *             | "residual" [ NAME ] "depth" expression block | "recurrent" block
 *             | KEYWORD values | LABELLED [ NAME ":" ] values | "measure" measurements
 *             | choice | expression [ "in" set ] ) END ; */
statement
    : CONST NAME ASSIGN expression doc END
        { $$ = ast_const(parser, @$, ast_word($2, @2), $4, ast_word($5, @5)); }
    | PARAM NAME ASSIGN expression doc END
        { $$ = ast_param(parser, @$, ast_word($2, @2), $4, NULL, ast_word($5, @5)); }
    | PARAM NAME ASSIGN expression IN range doc END
        { $$ = ast_param(parser, @$, ast_word($2, @2), $4, $6, ast_word($7, @7)); }
    | BLOCK block END
        { $$ = ast_block(parser, @$, ast_word($1, @1), ast_word(NULL, @1), NULL, $2); }
    | SWEEP NAME block END
        { $$ = ast_block(parser, @$, ast_word($1, @1), ast_word($2, @2), NULL, $3); }
    | RESIDUAL block_name DEPTH expression block END
        { $$ = ast_block(parser, @$, ast_word($1, @1), ast_word($2, @2), $4, $5); }
    | RECURRENT block END
        { $$ = ast_block(parser, @$, ast_word($1, @1), ast_word(NULL, @1), NULL, $2); }
    | KEYWORD values END
        { $$ = ast_statement(parser, @$, ast_word($1, @1), ast_word(NULL, @1), $2); }
    | LABELLED values END
        { $$ = ast_statement(parser, @$, ast_word($1, @1), ast_word(NULL, @1), $2); }
    | LABELLED SUBJECT COLON values END
        { $$ = ast_statement(parser, @$, ast_word($1, @1), ast_word($2, @2), $4); }
    | MEASURE measurements END
        { $$ = ast_statement(parser, @$, ast_word($1, @1), ast_word(NULL, @1), $2); }
    | choice END
    | expression END                        { $$ = ast_bare(parser, @$, $1); }
    | expression IN set END                 { $$ = ast_pair(parser, AST_IN, @$, $1, $3); }
    | error END                             { yyerrok; $$ = ast_error(parser, @$); }
    | rescue END                            { yyerrok; $$ = ast_error(parser, @$); }
    ;

/* A statement whose head is broken: what its blocks hold is still worth reading. */
rescue
    : error block_open statements RBRACE
    | error block_open statements RBRACE ELSE block
    | error block_open statements RBRACE ELSE choice
    | error block_open statements RBRACE ELSE rescue
    ;

block_open
    : LBRACE                                { yyerrok; }
    ;

block_name
    : %empty                                { $$ = NULL; }
    | NAME
    ;

doc
    : %empty                                { $$ = NULL; }
    | STRING
    ;

/* choice = "if" expression block [ "else" ( block | choice ) ] ; */
choice
    : IF expression block                   { $$ = ast_if(parser, @$, $2, $3, NULL); }
    | IF expression block ELSE block
        { $$ = ast_if(parser, @$, $2, $3, ast_else(parser, @5, $5)); }
    | IF expression block ELSE choice       { $$ = ast_if(parser, @$, $2, $3, $5); }
    ;

/* values = expression { "," expression } [ "," ] ; */
values
    : expressions
    | expressions COMMA
    ;

expressions
    : expression                            { $$ = ast_list_of($1); }
    | expressions COMMA expression          { $$ = ast_list_append($1, $3); }
    ;

/* measurements = measurement { "," measurement } [ "," ] ; */
measurements
    : items
    | items COMMA
    ;

items
    : measurement                           { $$ = ast_list_of($1); }
    | items COMMA measurement               { $$ = ast_list_append($1, $3); }
    ;

/* measurement = expression | "best" expression "over" NAME ; */
measurement
    : expression
    | BEST expression OVER NAME
        { $$ = ast_pair(parser, AST_OVER, @$, $2, ast_name(parser, @4, $4)); }
    ;

/* set = expression | range ; */
set
    : expression
    | range
    ;

/* range = expression ".." expression ; */
range
    : expression DOTS expression            { $$ = ast_pair(parser, AST_RANGE, @$, $1, $3); }
    ;

/* expression = comparison { "->" comparison } ; */
expression
    : comparison
    | expression ARROW comparison   { $$ = ast_binary(parser, @$, AST_OP_ARROW, $1, $3); }
    ;

/* comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ] ; */
comparison
    : sum
    | sum relation sum                      { $$ = ast_binary(parser, @$, $2, $1, $3); }
    ;

relation
    : EQ                                    { $$ = AST_OP_EQ; }
    | NE                                    { $$ = AST_OP_NE; }
    | LT                                    { $$ = AST_OP_LT; }
    | LE                                    { $$ = AST_OP_LE; }
    | GT                                    { $$ = AST_OP_GT; }
    | GE                                    { $$ = AST_OP_GE; }
    ;

/* sum = term { ( "+" | "-" ) term } ; */
sum
    : term
    | sum PLUS term                         { $$ = ast_binary(parser, @$, AST_OP_ADD, $1, $3); }
    | sum MINUS term                        { $$ = ast_binary(parser, @$, AST_OP_SUB, $1, $3); }
    ;

/* term = unary { ( "*" | "/" ) unary } ; */
term
    : unary
    | term STAR unary                       { $$ = ast_binary(parser, @$, AST_OP_MUL, $1, $3); }
    | term SLASH unary                      { $$ = ast_binary(parser, @$, AST_OP_DIV, $1, $3); }
    ;

/* unary = "-" unary | power ; */
unary
    : power
    | MINUS unary                           { $$ = ast_negate(parser, @$, $2); }
    ;

/* power = labelled [ "^" exponent ] ; */
power
    : labelled
    | labelled CARET exponent               { $$ = ast_binary(parser, @$, AST_OP_POW, $1, $3); }
    ;

/* exponent = "-" exponent | power ; */
exponent
    : power
    | MINUS exponent                        { $$ = ast_negate(parser, @$, $2); }
    ;

/* labelled = NAME ":" labelled | primary ; */
labelled
    : primary
    | NAME COLON labelled
        { $$ = ast_wrap(parser, AST_LABEL, @$, ast_word($1, @1), ast_list_of($3)); }
    ;

/* primary = NUMBER | STRING | "true" | "false" | NAME | NAME "(" [ arguments ] ")"
 *         | NAME "[" values "]" | "[" values "]" | "(" expression ")" ; */
primary
    : NUMBER                                { $$ = ast_number(parser, @$, $1); }
    | STRING                                { $$ = ast_string(parser, @$, $1); }
    | TRUE                                  { $$ = ast_bool(parser, @$, 1); }
    | FALSE                                 { $$ = ast_bool(parser, @$, 0); }
    | NAME                                  { $$ = ast_name(parser, @$, $1); }
    | NAME LPAREN arguments RPAREN
        { $$ = ast_wrap(parser, AST_CALL, @$, ast_word($1, @1), $3); }
    | NAME LBRACKET values RBRACKET
        { $$ = ast_wrap(parser, AST_INDEX, @$, ast_word($1, @1), $3); }
    | LBRACKET values RBRACKET
        { $$ = ast_wrap(parser, AST_LIST, @$, ast_word(NULL, @$), $2); }
    | LPAREN expression RPAREN              { $$ = $2; }
    ;

/* arguments = argument { "," argument } [ "," ] ; */
arguments
    : %empty                                { $$ = ast_list_empty(); }
    | argument_list
    | argument_list COMMA
    ;

argument_list
    : argument                              { $$ = ast_list_of($1); }
    | argument_list COMMA argument          { $$ = ast_list_append($1, $3); }
    ;

/* argument = expression | NAME "=" expression ; */
argument
    : expression
    | NAME ASSIGN expression
        { $$ = ast_wrap(parser, AST_ARG, @$, ast_word($1, @1), ast_list_of($3)); }
    ;

%%

/* Bison gives this function no prefix; it only collects, syntax_error.c words the message. */
static int yyreport_syntax_error(const yypcontext_t *context, struct Parser *parser)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    const char *expected[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++) {
        expected[i] = yysymbol_name(kinds[i]);
    }
    parser_syntax_error(parser, *yypcontext_location(context), expected, count < 0 ? 0 : count);
    return 0;
}
