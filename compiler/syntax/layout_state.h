/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the layout filter, shared by layout.c (what is a statement, what is a keyword),
 * brackets.c (what closes what) and stray.c (bytes that are no tokens).
 */
#ifndef RNET_SYNTAX_LAYOUT_STATE_H
#define RNET_SYNTAX_LAYOUT_STATE_H

#include "syntax/keyword.h"
#include "syntax/layout.h"

#include "rnet_grammar.h"

/* An open bracket or brace. */
typedef struct Opener {
    int kind; /* TOKEN_LPAREN, TOKEN_LBRACKET or TOKEN_LBRACE */
    Span span;
    unsigned block;   /* of a brace: which statements stand inside */
    bool is_choice;   /* of a brace: `else` may follow */
    const char *name; /* of a brace: the block's keyword, for messages */
    bool is_assumed;  /* of a brace: the file lacks it, which has been reported */
    bool is_mistaken; /* of a brace: what stands before it has been reported */
    uint32_t indent;  /* blanks before the line that it stands in */
    uint32_t inside;  /* blanks before the first statement on a line of its own; 0: none yet */
} Opener;

/* What the statement that is being read takes. */
typedef enum StatementKind {
    STATEMENT_OTHER,
    STATEMENT_BARE,    /* no keyword: `x in …` in check and sweep */
    STATEMENT_PARAM,   /* … in range */
    STATEMENT_MEASURE, /* best q over x */
    STATEMENT_HEAD     /* residual [NAME] depth */
} StatementKind;

struct Layout {
    Arena *arena;
    const Source *source;
    DiagSink *diag;
    unsigned errors_before; /* of another file in the same sink */
    Scanner *scanner;
    Token ahead[2];       /* not yet taken */
    uint32_t checked;     /* bytes before this are known to be text, or reported */
    unsigned stray_count; /* reports about bytes */
    Token last;           /* given out last */
    Opener openers[NESTING_LIMIT];
    unsigned depth;
    bool statement_open; /* something was given out since the last END */
    bool end_due;        /* an END follows what was given out */
    bool closing;        /* give out `}` until no brace is open */
    bool stopped;        /* a limit was met: the rest of the file is not read */
    bool after_choice;   /* the last token is the `}` of an `if` */
    /* Where the statement was reported, or a string without end took closing brackets with it:
     * brackets open there are not spoken of, nor are closing ones behind it. 0: not at all. */
    uint32_t unbalanced;
    bool choice_lost; /* the `if` of an `else` has been reported */
    bool long_name;   /* a name beyond NAME_LIMIT was reported: one message is enough */
    bool has_best;
    bool orphans; /* statements of a block without its head, of which the first is reported */
    StatementKind statement;
    Opener pending; /* what the next `{` opens */
    Opener suspect; /* whose `}` is missing, as far as indentation tells; kind 0: nobody's */
};

Token layout_take(Layout *layout);

/* Innermost opener, or NULL; the innermost brace's block, IN_FILE outside all. */
const Opener *layout_top(const Layout *layout);
bool layout_in_bracket(const Layout *layout);
unsigned layout_block(const Layout *layout);
const char *layout_block_name(const Layout *layout);

bool layout_open(Layout *layout, Token token);
/* The token that closes the top: `)` for a `]` that stands in its place. False: drop it. */
bool layout_close_bracket(Layout *layout, Token *token);
/* Gives up the open brackets, with a report that names the outermost one's opener. */
void layout_drop_brackets(Layout *layout, Token before);
void layout_report_open_brace(Layout *layout, Token before);
/* To be told of the first token of every statement, and of every `}`. */
void layout_note_indent(Layout *layout, Token first);
/* The innermost brace has no partner, or one that was opened inside it. */
void layout_suspect_top(Layout *layout);
/* Does the line stand where its block's head does, or left of it, as if the block had ended? */
bool layout_is_outside(const Layout *layout, Token first);

/* False, and one report, for a file of something else than text. */
bool layout_check_text(Layout *layout);
/* What a token is, by itself and where it stands. */
bool layout_is_word(const Layout *layout, Token token, const char *word);
const Keyword *layout_find_keyword(const Layout *layout, Token token);
bool layout_ends_operand(int kind);
bool layout_takes_expressions(unsigned block);

/* The head of a declaration in the first column: whatever brace is open above lacks its `}`. */
bool layout_begins_declaration(const Layout *layout, Token token, Token next);
/* `else` with what it chooses; without an `if` before it, as the callers know. */
bool layout_is_else(const Layout *layout, Token token, Token next);
/* Does a block end before this statement, which lacks the `}`? */
bool layout_leaves_block(const Layout *layout, Token first);
/* Does a block begin with this statement, whose head lacks the `{`? */
bool layout_lacks_brace(const Layout *layout, Token next);
/* Is this the `{` of a block whose head is missing? Its statements are then passed over. */
bool layout_lacks_head(const Layout *layout, Token token);
void layout_report_headless(Layout *layout, Token token);

/* `nearest` is the keyword that was meant, or NULL. */
void layout_report_unknown(Layout *layout, Token token, const Keyword *nearest);

/* Reports bytes up to the token's end that are not text. False when there are too many. */
bool layout_check_bytes(Layout *layout, Span span);
void layout_report_stray(Layout *layout, Token token);
void layout_report_number(Layout *layout, Token token);

/* A NUL-terminated copy of a token's text. */
const char *layout_text(const Layout *layout, Span span);

#endif
