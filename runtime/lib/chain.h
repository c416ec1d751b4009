/* SPDX-License-Identifier: Apache-2.0
 *
 * The network as a chain of short pieces, each linearised on its own: states at every boundary are
 * kept for a few samples, and gradients are pulled back piece by piece, in as many lanes as wanted.
 *
 * A state that grows beyond a power of two is kept times 2^-exponent. Nothing is lost by that: a
 * branch that grows with such a state is homogeneous up to its biases, which vanish beside it.
 */
#ifndef RNET_LIB_CHAIN_H
#define RNET_LIB_CHAIN_H

#include "lib/session.h"

typedef struct RtPiece {
    int32_t region;
    int64_t from, to;          /* layers */
    int64_t in_rows, out_rows; /* of the states before and behind it */
    char *state;               /* reals [samples][in_rows], before it */
    int64_t *exponent;         /* [samples] of that state */
} RtPiece;

typedef struct RtChain {
    RtSession *session;
    RtPiece *pieces; /* [count], and one more for the output's state */
    int64_t count, samples;
    RtBlock workspace, memory, lanes;
    int64_t most_lanes;
} RtChain;

/* Pieces of at most `length` layers, for `samples` samples, pulled back in at most `lanes` lanes.
 */
bool rt_chain_open(RtChain *chain, RtSession *session, int64_t samples, int64_t length,
                   int64_t lanes, RtError *error);
void rt_chain_close(RtChain *chain);
/* Forward from inputs [samples][features]: fills all states. */
bool rt_chain_forward(RtChain *chain, const void *x, RtError *error);
/* First piece that begins with the region's layer 0; its last is before that of the next region. */
int64_t rt_chain_find(const RtChain *chain, int32_t region);

/* Samples first … first + count − 1 through one piece, `each` lanes for a sample: lane s · each + c
 * has cotangent[s · each + c][out_rows] in and its pullback [in_rows] out, in place, in a buffer of
 * [count · each][most rows of the two]. Both are dense from its start. */
bool rt_chain_pull(RtChain *chain, int64_t piece, int64_t first, int64_t count, int64_t each,
                   void *cotangent, RtError *error);
/* The same where the states are the caller's, [samples][in_rows]. */
bool rt_chain_pull_at(RtChain *chain, int64_t piece, const void *states, int64_t first,
                      int64_t count, int64_t each, void *cotangent, RtError *error);
/* A number of the state before a piece, as it is without its exponent. */
double rt_chain_state(const RtChain *chain, int64_t piece, int64_t sample, int64_t row);
/* Are the sample's states before the pieces from … to numbers? Gradients through others mean
 * nothing. */
bool rt_chain_is_finite(const RtChain *chain, int64_t from, int64_t to, int64_t sample);
/* One piece forward from states of the caller's: [count][in_rows] to [count][out_rows]. */
bool rt_chain_push(RtChain *chain, int64_t piece, int64_t count, const void *state, void *next,
                   RtError *error);
/* The largest number of rows of a state. */
int64_t rt_chain_rows(const RtChain *chain);

#endif
