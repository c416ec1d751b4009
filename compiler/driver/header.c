/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of an object to embed. The fixed parts are texts in which `@` is the model's name, `$`
 * the same in capitals and `~` the type of its numbers (header_text.c).
 */
#include "driver/header.h"

#include "driver/header_text.h"
#include "driver/name.h"
#include "support/fileio.h"
#include "support/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct Header {
    Arena *arena;
    const Graph *graph;
    const EmitOptions *options;
    const char *name, *capitals;
    Text text;
} Header;

static void append(Header *h, const char *text)
{
    for (const char *end; *text != '\0'; text = end) {
        size_t plain = strcspn(text, "@$~");
        text_append_bytes(&h->text, text, plain);
        end = text + plain;
        if (*end != '\0') {
            const char *word = *end == '@'   ? h->name
                               : *end == '$' ? h->capitals
                                             : (h->graph->is_double ? "double" : "float");
            text_append_bytes(&h->text, word, strlen(word));
            end++;
        }
    }
}

static const char *in_capitals(Arena *arena, const char *name)
{
    char *capitals = str_copy(arena, name, strlen(name));
    for (char *p = capitals; *p != '\0'; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
    return capitals;
}

/* A text of the user's inside a comment. */
static void append_comment(Header *h, const char *text)
{
    for (; *text != '\0'; text++) {
        text_append_bytes(&h->text, text, 1);
        if (text[0] == '*' && text[1] == '/') {
            text_append_bytes(&h->text, " ", 1);
        }
    }
}

static bool is_param(const Graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->param_count; i++) {
        if (strcmp(graph->params[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Its name, with `_` behind it where C or C++ keep the word for themselves. */
const char *header_member(Arena *arena, const Graph *graph, const Param *param)
{
    const char *name = param->name;
    while (name_is_reserved(name) || (name != param->name && is_param(graph, name))) {
        name = str_format(arena, "%s_", name);
    }
    return name;
}

static const char *number(const Header *h, const Param *param, double value)
{
    char text[40];
    if (param->integer) {
        return str_format(h->arena, "%.0f", value);
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return str_copy(h->arena, text, strlen(text));
}

static void append_member(Header *h, const Param *param)
{
    text_append(&h->text, "    %s %s; /* ", param->integer ? "int64_t" : "double",
                header_member(h->arena, h->graph, param));
    if (param->doc != NULL) {
        append_comment(h, param->doc);
        text_append(&h->text, "; ");
    }
    text_append(&h->text, "from %s to %s */\n", number(h, param, param->low),
                number(h, param, param->high));
}

static void append_config(Header *h)
{
    const Graph *graph = h->graph;
    append(h, header_config);
    for (uint32_t i = 0; i < graph->param_count; i++) {
        append_member(h, &graph->params[i]);
    }
    append(h,
           graph->param_count == 0 ? "    int64_t unused; /* the network has no params */\n" : "");
    append(h, "} @_config;\n#define $_CONFIG_DEFAULT {");
    for (uint32_t i = 0; i < graph->param_count; i++) {
        text_append(&h->text, "%s%s", i > 0 ? ", " : "",
                    number(h, &graph->params[i], graph->params[i].value));
    }
    append(h, graph->param_count == 0 ? "0}\n" : "}\n");
}

static void append_shape(Header *h, const char *word, const char *what, const Shape *shape)
{
    append(h, "#define $_");
    text_append(&h->text, "%s %lld /* of `%s", word, (long long)shape_size(shape), what);
    for (int i = 0; i < shape->rank; i++) {
        text_append(&h->text, "%s%lld", i == 0 ? "[" : ", ", (long long)shape->dim[i]);
    }
    text_append(&h->text, "]` */\n");
}

static void append_sizes(Header *h)
{
    append(h, "\n#define $_INTERFACE ");
    text_append(&h->text, "%d /* counts up when hosts have to be changed */\n", RN_EMBED_INTERFACE);
    append(h, "#define $_ALIGN ");
    text_append(&h->text, "%d    /* params, state, gradient, workspace begin at multiples */\n",
                RN_ALIGN);
    append_shape(h, "INPUTS", h->graph->input_name, &h->graph->input);
    append_shape(h, "OUTPUTS", h->graph->output_name, &h->graph->output);
}

static void append_enumerations(Header *h)
{
    append(h, header_purpose);
#define X(tag) text_append(&h->text, "    %s_" #tag " = %d,\n", h->capitals, RN_PURPOSE_##tag);
    RN_PURPOSES(X)
#undef X
    append(h, "};\n");
    append(h, header_status);
#define X(tag, words)                                                                              \
    text_append(&h->text, "    %s_" #tag " = %d, /* " words " */\n", h->capitals, RN_EMBED_##tag);
    RN_STATUSES(X)
#undef X
    append(h, "};\n");
}

static const char *target_of(const Graph *graph)
{
    bool labels = graph->train != NULL && graph->train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    return labels ? header_labels : header_numbers;
}

static void append_functions(Header *h)
{
    bool trains = embed_has(h->graph, h->options, RN_EMBED_TRAINS);
    for (const HeaderPart *part = header_parts; part->text != NULL; part++) {
        if (embed_has(h->graph, h->options, part->when)) {
            append(h, part->text);
        }
        if (part->when == RN_EMBED_ALWAYS && part->target_follows && trains) {
            append(h, target_of(h->graph));
        }
    }
}

const char *header_text(Arena *arena, const Graph *graph, const EmitOptions *options)
{
    Header h = {.arena = arena,
                .graph = graph,
                .options = options,
                .name = graph->name,
                .capitals = in_capitals(arena, graph->name),
                .text = {.arena = arena}};
    append(&h, "/* Made by rnetc ");
    text_append(&h.text, "%s from ", options->version);
    append_comment(&h, graph->source->path);
    text_append(&h.text, " (%s).\n", options->source_hash);
    append(&h, header_begin);
    append_config(&h);
    append_sizes(&h);
    append_enumerations(&h);
    append_functions(&h);
    append(&h, header_end);
    return h.text.data;
}

const char *header_path(Arena *arena, const Options *options, const char *object)
{
    bool library = options->emit == EMIT_STATIC || options->emit == EMIT_SHARED;
    if (options->emit != EMIT_OBJECT && !library) {
        return NULL;
    }
    if (options->header != NULL || strcmp(object, "-") == 0 || file_is_special(object)) {
        return options->header;
    }
    const char *slash = strrchr(object, '/');
    const char *base = slash != NULL ? slash + 1 : object;
    const char *dot = strrchr(base, '.');
    size_t stem = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);
    size_t lead = library && stem > 3 && strncmp(base, "lib", 3) == 0 ? 3 : 0;
    return str_format(arena, "%.*s%.*s.h", (int)(base - object), object, (int)(stem - lead),
                      base + lead);
}
