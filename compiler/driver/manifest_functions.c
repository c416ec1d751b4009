/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of an object, read from its header, so that both say the same.
 */
#include "driver/header.h"
#include "driver/manifest_parts.h"

#include <ctype.h>
#include <string.h>

typedef struct Functions {
    Json *json;
    Arena *arena;
    const Graph *graph;
} Functions;

static char *without_comments(Arena *arena, const char *text)
{
    Text bare = {.arena = arena};
    text_append_bytes(&bare, "", 0);
    for (const char *open; (open = strstr(text, "/*")) != NULL;) {
        text_append_bytes(&bare, text, (size_t)(open - text));
        const char *close = strstr(open + 2, "*/");
        text = close != NULL ? close + 2 : open + strlen(open);
    }
    text_append_bytes(&bare, text, strlen(text));
    return bare.data;
}

/* Without blanks at the ends, and with single ones inside. */
static char *tidy(Arena *arena, const char *text, size_t length)
{
    Text words = {.arena = arena};
    text_append_bytes(&words, "", 0);
    for (size_t i = 0; i < length; i++) {
        bool blank = isspace((unsigned char)text[i]) != 0;
        if (!blank) {
            text_append_bytes(&words, &text[i], 1);
        } else if (words.length > 0 && words.data[words.length - 1] != ' ') {
            text_append_bytes(&words, " ", 1);
        }
    }
    char *tidied = words.data;
    while (words.length > 0 && tidied[words.length - 1] == ' ') {
        tidied[--words.length] = '\0';
    }
    return tidied;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* What counts the samples of an array among the arguments. */
static const char *counter_of(const char *arguments)
{
    return strstr(arguments, "size_t count") != NULL ? "count" : "batch";
}

static void put_shape(Functions *f, const char *name, const char *arguments)
{
    const Graph *graph = f->graph;
    bool labels = graph->train != NULL && graph->train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    bool target = strcmp(name, "target") == 0;
    int64_t columns = strcmp(name, "x") == 0                          ? shape_size(&graph->input)
                      : strcmp(name, "y") == 0 || (target && !labels) ? shape_size(&graph->output)
                                                                      : 0;
    if (columns == 0 && !target && strcmp(name, "values") != 0) {
        return;
    }
    json_begin_row(f->json, "shape");
    json_text(f->json, NULL, counter_of(arguments));
    if (columns > 0) {
        json_integer(f->json, NULL, columns);
    }
    json_end_row(f->json);
    json_text(f->json, "element",
              target && labels   ? "int32"
              : graph->is_double ? "float64"
                                 : "float32");
}

static void put_argument(Functions *f, const char *argument, const char *arguments)
{
    size_t end = strlen(argument), begin = end;
    while (begin > 0 && is_name(argument[begin - 1])) {
        begin--;
    }
    json_begin(f->json, NULL);
    json_text(f->json, "name", argument + begin);
    json_text(f->json, "type", tidy(f->arena, argument, begin));
    put_shape(f, argument + begin, arguments);
    json_end(f->json);
}

static void put_arguments(Functions *f, const char *arguments)
{
    json_begin_list(f->json, "arguments");
    for (const char *at = arguments; strcmp(arguments, "void") != 0 && *at;) {
        size_t length = strcspn(at, ",");
        put_argument(f, tidy(f->arena, at, length), arguments);
        at += length + (at[length] == ',');
    }
    json_end_list(f->json);
}

/* `symbol` is where the name stands in the line that begins a prototype. */
static void put_function(Functions *f, const char *line, const char *symbol)
{
    size_t prefix = strlen(f->graph->name) + 1;
    size_t length = strcspn(symbol, "(");
    const char *arguments = symbol + length + 1;
    json_begin(f->json, NULL);
    json_text(f->json, "name", str_copy(f->arena, symbol + prefix, length - prefix));
    json_text(f->json, "symbol", str_copy(f->arena, symbol, length));
    json_text(f->json, "result", tidy(f->arena, line, (size_t)(symbol - line)));
    put_arguments(f, tidy(f->arena, arguments, strcspn(arguments, ")")));
    json_end(f->json);
}

/* The model's name and `_`, behind a type and before a bracket; NULL: the line declares nothing. */
static const char *find_symbol(Functions *f, const char *line)
{
    const char *start = str_format(f->arena, "%s_", f->graph->name);
    size_t bracket = strcspn(line, "(\n");
    if (line[bracket] != '(' || strncmp(line, "typedef", 7) == 0 || isspace((unsigned char)*line)) {
        return NULL;
    }
    const char *symbol = line + bracket;
    while (symbol > line && is_name(symbol[-1])) {
        symbol--;
    }
    return symbol > line && strncmp(symbol, start, strlen(start)) == 0 ? symbol : NULL;
}

void manifest_functions(Json *json, const Graph *graph, const EmitOptions *options)
{
    Arena *arena = json->text.arena;
    Functions f = {json, arena, graph};
    const char *line = without_comments(arena, header_text(arena, graph, options));
    json_begin_list(json, "functions");
    while (*line) {
        const char *symbol = find_symbol(&f, line);
        if (symbol != NULL) {
            put_function(&f, line, symbol);
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    json_end_list(json);
}
