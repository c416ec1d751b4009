/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest, from top to bottom.
 */
#include "driver/manifest.h"

#include "driver/header.h"
#include "driver/manifest_parts.h"
#include "driver/manifest_sizes.h"

#include <ctype.h>
#include <string.h>

/* Counts up when readers have to be changed; members may be added without. */
enum { MANIFEST_FORMAT = 1 };

typedef struct Manifest {
    Json json;
    const Plan *plan;
    const Graph *graph;
    const EmitOptions *options;
    DiagSink *diag;
} Manifest;

static void put_versions(Manifest *m)
{
    json_integer(&m->json, "format", MANIFEST_FORMAT);
    json_text(&m->json, "rnetc", m->options->version);
    json_integer(&m->json, "interface", RN_EMBED_INTERFACE);
    json_text(&m->json, "name", m->graph->name);
    json_begin(&m->json, "source");
    json_text(&m->json, "path", m->graph->source->path);
    json_text(&m->json, "hash", m->options->source_hash);
    json_end(&m->json);
}

static bool put_machine(Manifest *m)
{
    const char *triple, *sets[EMIT_SETS];
    if (!emit_describe(m->options, m->diag, &triple, sets)) {
        return false;
    }
    json_begin(&m->json, "machine");
    json_text(&m->json, "target", triple);
    json_begin_row(&m->json, "instruction_sets");
    for (int i = 0; sets[i] != NULL; i++) {
        json_text(&m->json, NULL, sets[i]);
    }
    json_end_row(&m->json);
    json_end(&m->json);
    return true;
}

static void put_array(Manifest *m, const char *key, const char *name, const Shape *shape)
{
    json_begin(&m->json, key);
    json_text(&m->json, "name", name);
    json_begin_row(&m->json, "shape");
    for (int i = 0; i < shape->rank; i++) {
        json_integer(&m->json, NULL, shape->dim[i]);
    }
    json_end_row(&m->json);
    json_integer(&m->json, "size", shape_size(shape));
    json_end(&m->json);
}

static void put_arrays(Manifest *m)
{
    const Graph *graph = m->graph;
    json_text(&m->json, "precision", graph->is_double ? "float64" : "float32");
    json_integer(&m->json, "alignment", RN_ALIGN);
    json_bool(&m->json, "trains", embed_has(graph, m->options, RN_EMBED_TRAINS));
    json_bool(&m->json, "baked", m->options->baked);
    put_array(m, "input", graph->input_name, &graph->input);
    put_array(m, "output", graph->output_name, &graph->output);
}

static void put_param(Manifest *m, const Param *param)
{
    json_begin(&m->json, NULL);
    json_text(&m->json, "name", param->name);
    json_text(&m->json, "member", header_member(m->json.text.arena, m->graph, param));
    json_text(&m->json, "type", param->integer ? "int64" : "double");
    json_text(&m->json, "doc", param->doc);
    json_number(&m->json, "default", param->value);
    json_number(&m->json, "low", param->low);
    json_number(&m->json, "high", param->high);
    json_end(&m->json);
}

static void put_params(Manifest *m)
{
    json_begin_list(&m->json, "params");
    for (uint32_t i = 0; i < m->graph->param_count; i++) {
        put_param(m, &m->graph->params[i]);
    }
    json_end_list(&m->json);
}

static void put_words(Manifest *m)
{
    json_begin(&m->json, "purposes");
#define X(tag) json_integer(&m->json, #tag, RN_PURPOSE_##tag);
    RN_PURPOSES(X)
#undef X
    json_end(&m->json);
    json_begin_list(&m->json, "statuses");
#define X(tag, words)                                                                              \
    json_begin(&m->json, NULL);                                                                    \
    json_text(&m->json, "name", #tag);                                                             \
    json_integer(&m->json, "value", RN_EMBED_##tag);                                               \
    json_text(&m->json, "text", words);                                                            \
    json_end(&m->json);
    RN_STATUSES(X)
#undef X
    json_end_list(&m->json);
}

static const char *in_small_letters(Arena *arena, const char *word)
{
    char *small = str_copy(arena, word, strlen(word));
    for (char *p = small; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return small;
}

static void put_workspace(Manifest *m, const char *tag, size_t bytes)
{
    const char *key = in_small_letters(m->json.text.arena, tag);
    if (bytes > 0) {
        json_integer(&m->json, key, (int64_t)bytes);
    } else {
        json_null(&m->json, key);
    }
}

static bool put_sizes(Manifest *m)
{
    ManifestSizes sizes;
    if (!manifest_sizes(m->json.text.arena, m->plan, m->options, m->diag, &sizes)) {
        return false;
    }
    json_begin(&m->json, "sizes");
    json_integer(&m->json, "params", (int64_t)sizes.params);
    json_integer(&m->json, "state", (int64_t)sizes.state);
    if (sizes.has_workspace) {
        json_begin(&m->json, "workspace");
#define X(tag) put_workspace(m, #tag, sizes.workspace[RN_PURPOSE_##tag]);
        RN_PURPOSES(X)
#undef X
        json_end(&m->json);
    } else {
        json_null(&m->json, "workspace");
    }
    json_end(&m->json);
    return true;
}

const char *manifest_text(Arena *arena, const Plan *plan, const EmitOptions *options,
                          DiagSink *diag)
{
    Manifest m = {.json = {.text = {.arena = arena}},
                  .plan = plan,
                  .graph = plan->graph,
                  .options = options,
                  .diag = diag};
    json_begin(&m.json, NULL);
    put_versions(&m);
    if (!put_machine(&m)) {
        return NULL;
    }
    put_arrays(&m);
    put_params(&m);
    put_words(&m);
    manifest_functions(&m.json, m.graph, options);
    manifest_tensors(&m.json, plan);
    if (!put_sizes(&m)) {
        return NULL;
    }
    json_end(&m.json);
    text_append(&m.json.text, "\n");
    return m.json.text.data;
}
