/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the header of a checkpoint. It is as long as the largest numbers make it, filled up with
 * spaces, so that the size of a file says nothing but the shape of the network.
 */
#include "core/checkpoint.h"
#include "core/number.h"

#include <string.h>

enum { PREFIX = 8, DATA_ALIGN = 8 };

/* Counts what is written, and writes where there is a place. */
typedef struct Text {
    char *at; /* or NULL */
    size_t used;
} Text;

static void put(Text *out, const char *text, size_t length)
{
    if (out->at)
        memcpy(out->at + out->used, text, length);
    out->used += length;
}

static void put_text(Text *out, const char *text)
{
    put(out, text, strlen(text));
}

/* In JSON only these need an escape. */
static void put_escaped(Text *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char code[] = {'\\', 'u', '0', '0', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
        if (c == '"' || c == '\\')
            put(out, "\\", 1);
        if (c < ' ')
            put(out, code, sizeof code);
        else
            put(out, text, 1);
    }
}

static void put_number(Text *out, uint64_t number)
{
    char text[RN_NUMBER_TEXT];
    put(out, text, rn_write_count(number, text));
}

/* ,"KIND.NAME":"VALUE" with a kind that has the point in it */
static void put_fact(Text *out, const char *kind, const char *name, const char *value)
{
    put_text(out, ",\"");
    put_text(out, kind);
    put_escaped(out, name);
    put_text(out, "\":\"");
    put_escaped(out, value);
    put_text(out, "\"");
}

static void put_count(Text *out, const char *kind, const char *name, uint64_t count)
{
    char text[RN_NUMBER_TEXT];
    rn_write_count(count, text);
    put_fact(out, kind, name, text);
}

static void put_real(Text *out, const char *name, double value)
{
    char text[RN_NUMBER_TEXT];
    rn_write_hexadecimal(value, text);
    put_fact(out, "", name, text);
}

static void put_state(Text *out, const RnState *state)
{
    put_count(out, "", "seed", state->seed);
    put_count(out, "", "repeat", state->repeat);
    put_count(out, "", "step", state->step);
    put_count(out, "", "epoch", state->epoch);
    put_count(out, "", "position", state->position);
    put_count(out, "", "correct", state->correct);
    put_count(out, "", "waiting", state->waiting);
    put_real(out, "loss_sum", state->loss_sum);
    put_real(out, "best_loss", state->epoch ? state->best_loss : (double)__builtin_inff());
}

static void put_config(Text *out, const RnNetwork *network)
{
    const RnProgram *program = network->program;
    RnPlace place = {.params = network->config, .depth = 1, .layer = 1};
    char text[RN_NUMBER_TEXT];
    for (int32_t i = 0; i < program->param_count; i++) {
        rn_write_decimal(network->config[i], text);
        put_fact(out, "param.", program->params[i].name, text);
    }
    for (int32_t i = 0; i < program->region_count; i++) {
        const RnRegion *region = &program->regions[i];
        if (region->depth) /* whole, or the network would have no size */
            put_count(out, "depth.", region->name ? region->name : "",
                      (uint64_t)region->depth(&place));
    }
}

static void put_tensor(Text *out, const RnNetwork *network, const RnSlot *slot, uint64_t *at)
{
    put_text(out, ",\"");
    put_escaped(out, slot->name);
    put_text(out, "\":{\"dtype\":\"");
    put_text(out, rn_slot_dtype(network));
    put_text(out, "\",\"shape\":[");
    for (int i = 0; i < slot->rank; i++) {
        put_text(out, i ? "," : "");
        put_number(out, (uint64_t)slot->shape[i]);
    }
    put_text(out, "],\"data_offsets\":[");
    put_number(out, *at);
    put_text(out, ",");
    put_number(out, *at += slot->bytes);
    put_text(out, "]}");
}

static size_t put_header(const RnNetwork *network, const RnState *state, char *place)
{
    const RnProgram *program = network->program;
    Text out = {place, 0};
    RnSlot slot;
    uint64_t at = 0;
    put_text(&out, "{\"__metadata__\":{\"format\":\"rnet\"");
    put_fact(&out, "", "program", program->name);
    put_fact(&out, "", "source_hash", program->source_hash);
    put_fact(&out, "", "version", program->version);
    if (state)
        put_state(&out, state);
    put_config(&out, network);
    put_text(&out, "}");
    for (int32_t i = 0; i < rn_slot_count(network, state ? network->moments : 0); i++)
        if (rn_slot(network, i, &slot))
            put_tensor(&out, network, &slot, &at);
    put_text(&out, "}");
    return out.used;
}

size_t rn_checkpoint_header_size(const RnNetwork *network, bool with_state)
{
    const double longest = -0x1.fffffffffffffp-1022;
    const RnState widest = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                            UINT64_MAX, UINT64_MAX, longest,    longest,    {0}};
    size_t size = PREFIX + put_header(network, with_state ? &widest : NULL, NULL);
    return (size + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
}

void rn_checkpoint_header(const RnNetwork *network, const RnState *state, char *header, size_t size)
{
    uint64_t length = size - PREFIX;
    size_t used = PREFIX + put_header(network, state, header + PREFIX);
    memset(header + used, ' ', size - used);
    for (int i = 0; i < PREFIX; i++)
        header[i] = (char)(length >> (8 * i));
}
