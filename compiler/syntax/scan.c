/* SPDX-License-Identifier: Apache-2.0
 *
 * The generated scanner behind a plain interface: one call a token.
 */
#include "syntax/scan.h"

#include "support/bug.h"

#include "rnet_scanner.h"

struct Scanner {
    yyscan_t generated;
    ScanState state;
};

Scanner *scanner_create(Arena *arena, const Source *source, CommentUse comments)
{
    Scanner *scanner = ARENA_NEW(arena, Scanner);
    scanner->state.newline = true;
    scanner->state.keep_comments = comments == COMMENTS_KEPT;
    if (rnet_scan_yylex_init_extra(&scanner->state, &scanner->generated) != 0 ||
        !rnet_scan_yy_scan_bytes(source->text, (int)source->length, scanner->generated)) {
        bug_out_of_memory();
    }
    return scanner;
}

Token scanner_next(Scanner *scanner)
{
    int kind = rnet_scan_yylex(scanner->generated);
    Token token = {kind, scanner->state.span, scanner->state.newline};
    if (kind == 0) {
        token.span.begin = token.span.end;
    }
    scanner->state.newline = false;
    return token;
}

void scanner_dispose(Scanner *scanner)
{
    rnet_scan_yylex_destroy(scanner->generated);
}
