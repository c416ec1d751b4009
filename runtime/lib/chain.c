/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain: cutting the network into pieces, and running them.
 */
#include "lib/chain.h"
#include "lib/config.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Powers of two: a state is scaled down to LOW when it has passed HIGH; floats end at 2^128. */
enum { HIGH_EXPONENT = 56, LOW_EXPONENT = 40, MOST_EXPONENT = 4096 };

static int64_t pieces_of(int64_t depth, int64_t length)
{
    return (depth + length - 1) / length;
}

static bool cut(RtChain *chain, int64_t length, RtError *error)
{
    const RnProgram *program = chain->session->program;
    int64_t count = 0, depth;
    for (int pass = 0; pass < 2; pass++) {
        count = 0;
        for (int32_t r = 0; r < program->region_count; r++) {
            const RnRegion *region = &program->regions[r];
            if (!rt_region_depth(program, chain->session->config, region->depth ? r : -1, &depth,
                                 error))
                return false;
            for (int64_t from = 0; pass && from < depth; from += length)
                chain->pieces[count + from / length] =
                    (RtPiece){.region = r,
                              .from = from,
                              .to = from + length < depth ? from + length : depth,
                              .in_rows = region->in_rows,
                              .out_rows = region->out_rows};
            count += pieces_of(depth, length);
        }
        if (!pass)
            chain->pieces = calloc((size_t)count + 1, sizeof *chain->pieces);
        if (!chain->pieces)
            return rt_fail(error, RT_FAILED, "out of memory for %lld pieces", (long long)count);
    }
    chain->count = count;
    chain->pieces[count].in_rows = program->regions[program->region_count - 1].out_rows;
    return true;
}

int64_t rt_chain_rows(const RtChain *chain)
{
    int64_t most = 1;
    for (int64_t i = 0; i <= chain->count; i++)
        most = chain->pieces[i].in_rows > most ? chain->pieces[i].in_rows : most;
    return most;
}

/* Lays the states and exponents into the chain's memory; only counts where there is none. */
static bool lay_states(RtChain *chain, size_t *total)
{
    size_t used = 0, bytes, exponents;
    for (int64_t i = 0; i <= chain->count; i++) {
        RtPiece *piece = &chain->pieces[i];
        if (!rt_bytes(chain->samples, piece->in_rows, (size_t)chain->session->program->real_size,
                      &bytes) ||
            !rt_bytes(chain->samples, 1, sizeof *piece->exponent, &exponents))
            return false;
        bytes = (bytes + 63) & ~(size_t)63;
        exponents = (exponents + 63) & ~(size_t)63;
        if (chain->memory.data) {
            piece->state = (char *)chain->memory.data + used;
            piece->exponent = (int64_t *)(void *)((char *)chain->memory.data + used + bytes);
        }
        if (!rt_add(used, bytes, &used) || !rt_add(used, exponents, &used))
            return false;
    }
    *total = used;
    return true;
}

static RnCall call_of(const RtChain *chain, int64_t batch)
{
    RnCall call = rt_session_call(chain->session, batch, 0, RN_LOSS_NONE);
    call.workspace = chain->workspace.data;
    return call;
}

static size_t larger_size(size_t most, size_t size)
{
    return most == 0 || size == 0 ? 0 : size > most ? size : most;
}

/* The largest workspace that a piece wants with any number of lanes: fewer lanes may want more,
 * since more layers are then held at once. */
static size_t workspace_size(const RtChain *chain)
{
    size_t most = 1;
    for (int64_t i = 0; i < chain->count; i++) {
        const RtPiece *piece = &chain->pieces[i];
        if (i > 0 && piece->region == piece[-1].region)
            continue; /* the first piece of a region is its longest */
        for (int64_t lanes = chain->most_lanes; lanes > 0 && most; lanes--) {
            RnCall call = call_of(chain, lanes);
            RnStretch stretch = {
                .call = &call, .region = piece->region, .from = piece->from, .to = piece->to};
            most = larger_size(most, chain->session->code->stretch_size(&stretch));
        }
    }
    return most;
}

static bool open_chain(RtChain *chain, int64_t length, RtError *error)
{
    size_t workspace, states, copies;
    const RtSession *session = chain->session;
    if (!session->code->stretch)
        return rt_fail(error, RT_FAILED, "the network has no code for it");
    if (!cut(chain, length, error))
        return false;
    workspace = workspace_size(chain);
    if (!workspace || !lay_states(chain, &states) ||
        !rt_bytes(chain->most_lanes, rt_chain_rows(chain), (size_t)session->program->real_size,
                  &copies))
        return rt_fail(error, RT_USAGE, "the memory of a probe overflows; a smaller batch helps");
    const RtNeed needs[] = {{"states of the samples", states},
                            {"activations and gradients", workspace},
                            {"copies of states", copies}};
    bool good = rt_memory_check(needs, 3, rt_memory_left(""), "a smaller batch", error) &&
                rt_block_allocate(&chain->memory, states, "states of the samples", error) &&
                rt_block_allocate(&chain->workspace, workspace, "activations", error) &&
                rt_block_allocate(&chain->lanes, copies, "copies of states", error);
    return good && lay_states(chain, &states);
}

bool rt_chain_open(RtChain *chain, RtSession *session, int64_t samples, int64_t length,
                   int64_t lanes, RtError *error)
{
    *chain = (RtChain){
        .session = session, .samples = samples, .most_lanes = lanes > samples ? lanes : samples};
    return open_chain(chain, length, error);
}

void rt_chain_close(RtChain *chain)
{
    rt_block_free(&chain->memory);
    rt_block_free(&chain->workspace);
    rt_block_free(&chain->lanes);
    free(chain->pieces);
    *chain = (RtChain){0};
}

int64_t rt_chain_find(const RtChain *chain, int32_t region)
{
    int64_t i = 0;
    while (i < chain->count && chain->pieces[i].region < region)
        i++;
    return i;
}

static bool run_stretch(RtChain *chain, const RtPiece *piece, int64_t batch, RnStretch stretch,
                        RtError *error)
{
    RnCall call = call_of(chain, batch);
    stretch.call = &call;
    stretch.region = piece->region;
    stretch.from = piece->from;
    stretch.to = piece->to;
    return chain->session->code->stretch(&stretch) == RN_OK || rt_fail_params(error);
}

/* Scales the states down that have grown too large; they stay what they are times 2^exponent. */
static void carry(const RtChain *chain, const RtPiece *before, RtPiece *piece)
{
    int32_t size = chain->session->program->real_size;
    int64_t rows = piece->in_rows;
    for (int64_t s = 0; s < chain->samples; s++) {
        double most = 0;
        for (int64_t r = 0; r < rows; r++)
            most = fmax(most, fabs(rt_real(piece->state, s * rows + r, size)));
        piece->exponent[s] = before->exponent[s];
        if (!isfinite(most) || ilogb(most) < HIGH_EXPONENT)
            continue;
        int shift = ilogb(most) - LOW_EXPONENT;
        piece->exponent[s] += shift;
        for (int64_t r = 0; r < rows; r++) {
            double value = rt_real(piece->state, s * rows + r, size);
            rt_set_real(piece->state, s * rows + r, size, ldexp(value, -shift));
        }
    }
}

bool rt_chain_push(RtChain *chain, int64_t piece, int64_t count, const void *state, void *next,
                   RtError *error)
{
    return run_stretch(chain, &chain->pieces[piece], count,
                       (RnStretch){.state = state, .next = next}, error);
}

bool rt_chain_forward(RtChain *chain, const void *x, RtError *error)
{
    size_t input = (size_t)chain->samples * (size_t)chain->pieces[0].in_rows *
                   (size_t)chain->session->program->real_size;
    memcpy(chain->pieces[0].state, x, input);
    memset(chain->pieces[0].exponent, 0, (size_t)chain->samples * sizeof(int64_t));
    for (int64_t i = 0; i < chain->count; i++) {
        RtPiece *piece = &chain->pieces[i];
        if (!rt_chain_push(chain, i, chain->samples, piece->state, piece[1].state, error))
            return false;
        carry(chain, piece, piece + 1);
    }
    return true;
}

bool rt_chain_pull_at(RtChain *chain, int64_t index, const void *states, int64_t first,
                      int64_t count, int64_t each, void *cotangent, RtError *error)
{
    const RtPiece *piece = &chain->pieces[index];
    size_t row = (size_t)piece->in_rows * (size_t)chain->session->program->real_size;
    char *copies = chain->lanes.data;
    for (int64_t lane = 0; lane < count * each; lane++)
        memcpy(copies + (size_t)lane * row,
               (const char *)states + (size_t)(first + lane / each) * row, row);
    return run_stretch(chain, piece, count * each,
                       (RnStretch){.state = copies, .cotangent = cotangent, .pulled = cotangent},
                       error);
}

bool rt_chain_pull(RtChain *chain, int64_t piece, int64_t first, int64_t count, int64_t each,
                   void *cotangent, RtError *error)
{
    return rt_chain_pull_at(chain, piece, chain->pieces[piece].state, first, count, each, cotangent,
                            error);
}

double rt_chain_state(const RtChain *chain, int64_t index, int64_t sample, int64_t row)
{
    const RtPiece *piece = &chain->pieces[index];
    double value =
        rt_real(piece->state, sample * piece->in_rows + row, chain->session->program->real_size);
    int64_t exponent = piece->exponent[sample];
    return exponent ? ldexp(value, exponent < MOST_EXPONENT ? (int)exponent : MOST_EXPONENT)
                    : value;
}

bool rt_chain_is_finite(const RtChain *chain, int64_t from, int64_t to, int64_t sample)
{
    bool all = true;
    for (int64_t i = from; i <= to; i++) {
        const RtPiece *piece = &chain->pieces[i];
        for (int64_t r = 0; r < piece->in_rows; r++)
            all = all && isfinite(rt_real(piece->state, sample * piece->in_rows + r,
                                          chain->session->program->real_size));
    }
    return all;
}
