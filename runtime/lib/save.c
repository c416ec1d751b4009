/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes checkpoints.
 */
#define _GNU_SOURCE
#include "lib/checkpoint.h"
#include "lib/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON with nothing but ASCII unescaped. */
static void put_string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < ' ')
            fprintf(out, "\\u%04x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

static void put_fact(FILE *out, const char *key, const char *value)
{
    putc(',', out);
    put_string(out, key);
    putc(':', out);
    put_string(out, value);
}

static void put_count(FILE *out, const char *key, uint64_t value)
{
    fprintf(out, ",\"%s\":\"%llu\"", key, (unsigned long long)value);
}

static void put_config(FILE *out, const RtSession *session)
{
    const RnProgram *program = session->program;
    for (int32_t i = 0; i < program->param_count; i++)
        fprintf(out, ",\"param.%s\":\"%.17g\"", program->params[i].name, session->config[i]);
    for (int32_t i = 0; i < program->region_count; i++) {
        const RnRegion *region = &program->regions[i];
        if (region->depth)
            fprintf(out, ",\"depth.%s\":\"%.0f\"", region->name ? region->name : "",
                    rt_formula(region->depth, session->config, 1));
    }
}

static void put_metadata(FILE *out, const RtSession *session, const RtPosition *position)
{
    const RnProgram *program = session->program;
    fprintf(out, "\"__metadata__\":{\"format\":\"rnet\"");
    put_fact(out, "program", program->name);
    put_fact(out, "source_hash", program->source_hash);
    put_fact(out, "version", program->version);
    put_count(out, "seed", session->seed);
    put_count(out, "repeat", session->repeat);
    put_count(out, "step", position->step);
    put_count(out, "epoch", (uint64_t)position->epoch);
    put_count(out, "position", (uint64_t)position->position);
    put_count(out, "correct", (uint64_t)position->correct);
    put_count(out, "waiting", (uint64_t)position->waiting);
    fprintf(out, ",\"loss_sum\":\"%a\",\"best_loss\":\"%a\"", position->loss_sum,
            position->best_loss);
    put_config(out, session);
    putc('}', out);
}

static void put_tensor(FILE *out, const RtSession *session, const RtSlot *slot, size_t *at)
{
    putc(',', out);
    put_string(out, slot->name);
    fprintf(out, ":{\"dtype\":\"%s\",\"shape\":[",
            session->program->real_size == 4 ? "F32" : "F64");
    for (int i = 0; i < slot->rank; i++)
        fprintf(out, "%s%lld", i ? "," : "", (long long)slot->shape[i]);
    fprintf(out, "],\"data_offsets\":[%zu,%zu]}", *at, *at + slot->bytes);
    *at += slot->bytes;
}

/* The header's text, padded so that the data begin at a multiple of 8. */
static char *make_header(const RtSession *session, const RtPosition *position, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (!out)
        return NULL;
    putc('{', out);
    put_metadata(out, session, position);
    size_t at = 0;
    for (int32_t i = 0; i < rt_slot_count(session); i++) {
        RtSlot slot;
        if (rt_slot(session, i, &slot))
            put_tensor(out, session, &slot, &at);
    }
    putc('}', out);
    for (long used = ftell(out); used % 8 != 0; used++)
        putc(' ', out);
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

static bool write_slot(RtWriter *writer, const RtSession *session, const RtSlot *slot, void *layer,
                       RtError *error)
{
    const RnTensor *tensor = &session->program->tensors[slot->tensor];
    size_t bytes = (size_t)tensor->size * (size_t)session->program->real_size;
    const char *from = session->params.data;
    if (slot->moment)
        from = (const char *)session->state.data + sizeof(RnState) +
               (size_t)(slot->moment - 1) * session->params_size;
    for (int64_t k = 0; k < slot->layers; k++) {
        rt_layer_to_file(tensor, session->program->real_size,
                         from + slot->offset + (size_t)k * bytes, layer);
        if (!rt_writer_put(writer, layer, bytes, error))
            return false;
    }
    return true;
}

static bool write_all(RtWriter *writer, const RtSession *session, const char *header, size_t length,
                      void *layer, RtError *error)
{
    uint8_t prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (uint8_t)((uint64_t)length >> (8 * i));
    if (!rt_writer_put(writer, prefix, sizeof prefix, error) ||
        !rt_writer_put(writer, header, length, error))
        return false;
    for (int32_t i = 0; i < rt_slot_count(session); i++) {
        RtSlot slot;
        if (rt_slot(session, i, &slot) && !write_slot(writer, session, &slot, layer, error))
            return false;
    }
    return true;
}

static size_t largest_layer(const RtSession *session)
{
    int64_t most = 1;
    for (int32_t i = 0; i < session->program->tensor_count; i++)
        if (session->program->tensors[i].size > most)
            most = session->program->tensors[i].size;
    return (size_t)most * (size_t)session->program->real_size;
}

bool rt_checkpoint_save(const RtSession *session, const RtPosition *position, const char *path,
                        RtError *error)
{
    size_t length;
    RtWriter writer;
    char *header = make_header(session, position, &length);
    void *layer = malloc(largest_layer(session));
    bool good = header && layer;
    if (!good)
        rt_fail(error, RT_FAILED, "%s: out of memory", path);
    if (good && (good = rt_writer_open(&writer, path, error))) {
        good = write_all(&writer, session, header, length, layer, error);
        if (good)
            good = rt_writer_commit(&writer, error);
        else
            rt_writer_abandon(&writer);
    }
    free(header);
    free(layer);
    return good;
}
