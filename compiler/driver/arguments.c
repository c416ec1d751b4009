/* SPDX-License-Identifier: Apache-2.0
 *
 * Response files.
 */
#include "driver/arguments.h"

#include "support/fileio.h"
#include "support/str.h"

#include <string.h>

/* Files may name files; a file that names itself must end somewhere. */
enum { FILE_LIMIT = 1024 * 1024, DEPTH_LIMIT = 10 };

typedef struct Expander {
    Arena *arena;
    Arguments *arguments;
    DiagSink *diag;
} Expander;

static void add_word(Expander *e, const char *word, int depth);

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Reads one word; returns what follows it. */
static const char *read_word(const char *at, Text *word)
{
    char quote = '\0';
    for (; *at && (quote || !is_blank(*at)); at++) {
        if (*at == quote) {
            quote = '\0';
        } else if (!quote && (*at == '"' || *at == '\'')) {
            quote = *at;
        } else {
            at += *at == '\\' && at[1];
            text_append_bytes(word, at, 1);
        }
    }
    return at;
}

static void add_file(Expander *e, const char *path, int depth)
{
    const char *reason = NULL;
    size_t length = 0;
    if (depth == DEPTH_LIMIT) {
        diag_report(e->diag, E_USAGE, (Span){0, 0},
                    "files of arguments are nested too deeply: `@%s`", path);
        return;
    }
    const char *at = file_read(e->arena, path, FILE_LIMIT, &length, &reason);
    if (!at) {
        diag_report(e->diag, E_READ, (Span){0, 0}, "cannot read \"%s\": %s", path, reason);
        return;
    }
    while (*at) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        Text word = {.arena = e->arena};
        text_append_bytes(&word, "", 0);
        at = read_word(at, &word);
        add_word(e, word.data, depth + 1);
    }
}

static void add_word(Expander *e, const char *word, int depth)
{
    if (word[0] == '@' && word[1]) {
        add_file(e, word + 1, depth);
    } else {
        vec_push(e->arena, e->arguments, word);
    }
}

void arguments_add(Arena *arena, const char *word, Arguments *arguments, DiagSink *diag)
{
    Expander e = {arena, arguments, diag};
    add_word(&e, word, 0);
}
