/* SPDX-License-Identifier: Apache-2.0
 *
 * Raw tokens of a source, as the scanner sees them. Kinds below RAW_FIRST are the grammar's
 * (rnet_grammar.h); the ones here never reach the parser.
 */
#ifndef RNET_SYNTAX_SCAN_H
#define RNET_SYNTAX_SCAN_H

#include "support/source.h"

#include <stdbool.h>

enum {
    RAW_FIRST = 1000,
    RAW_COMMENT = RAW_FIRST, /* `# …`, only when asked for */
    RAW_SEMICOLON,
    RAW_NUMBER, /* `.5`, `5.`, `3d` */
    RAW_STRING, /* without its closing quote */
    RAW_INVALID /* bytes that begin no token */
};

typedef struct Token {
    int kind;
    Span span;
    bool newline; /* the first token of its line */
} Token;

/* What the generated scanner keeps between two tokens. */
typedef struct ScanState {
    Span span;
    bool newline, keep_comments;
} ScanState;

typedef enum CommentUse { COMMENTS_SKIPPED, COMMENTS_KEPT } CommentUse;

typedef struct Scanner Scanner;
Scanner *scanner_create(Arena *arena, const Source *source, CommentUse comments);
Token scanner_next(Scanner *scanner); /* kind 0 at the end, again and again */
void scanner_dispose(Scanner *scanner);

#endif
