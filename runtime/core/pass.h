/* SPDX-License-Identifier: Apache-2.0
 *
 * One call in progress: where everything lies in its workspace.
 *
 * Only core/ and kernels/ know these fields; emitted code asks the addressing kernels. RnPass lies
 * at the start of the workspace and everything it points to behind it.
 */
#ifndef RNET_CORE_PASS_H
#define RNET_CORE_PASS_H

#include "core/program.h"
#include "core/tile.h"
#include "core/uses.h"

/* A region in this call. One more span follows the last region: its state is the output. */
typedef struct RnSpan {
    int64_t depth;
    int64_t rows;           /* of a state */
    int64_t kept_rows;      /* of a layer's kept values */
    int64_t delta_stride;   /* reals of a layer's deltas, scalars included */
    int64_t block;          /* layers that backward goes down at once, from a multiple of it */
    int64_t segment, shift; /* layers whose states are made again at once, and log2 */
    real *state, *kept;     /* [tile][slot][rows][width] */
    real *start;            /* [tile][segment][rows][width]; NULL: all are held */
    int64_t state_stride, kept_stride, start_stride; /* reals from tile to tile */
    int64_t state_mask, kept_mask, delta_mask;       /* slot = layer & mask */
} RnSpan;

/* One tensor's optimiser, numbers of this step. */
typedef struct RnRule {
    real rate, decay, epsilon, momentum; /* adam: rate and epsilon corrected for the step */
    real beta1, rest1, beta2, rest2;     /* rest = 1 − beta */
    real scale;                          /* of the gradient: clipping */
    int32_t kind, nesterov;
    int32_t descended; /* where gradients were made: rn_descends */
} RnRule;

struct RnPass {
    const RnCall *call;
    const RnProgram *program;
    RnSpan *spans;
    RnTile *tiles;
    real **tensor, **gradient; /* [tensor] */
    real **moment[RN_MOMENTS]; /* [tensor] */
    real **factor;             /* [tensor] a scalar a lane: [layer][tile][width]; NULL: shared */
    RnRule *rules;             /* [tensor] */
    uint64_t *streams;         /* [stream] keys of the dropout masks */
    double *losses;            /* [batch] */
    double *partial;           /* [most layers] sums of squares */
    real *delta;               /* [slot] of delta_stride reals of the region at work */
    real *copies; /* as the tiles' own, one for each layer of a wide block and one more */
    int64_t copy_step, copy_count;
    int64_t scratch_step;   /* from layer to layer of a block; 0: all have the same */
    int64_t scratch_stride; /* from tile to tile */
    int64_t summed_from;    /* first layer of the block whose gradients are summed */
    int64_t sums;           /* of these: its layers, and one for shared tensors */
    int64_t gradient_from;  /* layer that gradient[] begins with meanwhile */
    int64_t batch, width, tile_count, stream_count;
    int64_t each; /* samples of one network, whose mean the loss is */
    uint64_t seed, step;
    int32_t training, fit;
    int32_t fused;    /* layers are updated block by block */
    int32_t overlaps; /* a block's gradients are summed while the next block goes down */
};

/* Is this a step of training, or of fitting `standardize`? */
static inline int rn_trains(const RnPass *pass)
{
    return rn_asks(RN_TRAINING, RN_TRAINING) && pass->training;
}

static inline int rn_fits(const RnPass *pass)
{
    return rn_asks(RN_FIT, RN_FIT) && pass->fit;
}

/* Threads that the call may take, its own among them. */
static inline int64_t rn_threads(const RnCall *call)
{
    return call->parallel && call->parallel->threads > 1 ? call->parallel->threads : 1;
}

/* Do new weights go past the caches? For other threads, which have read the old ones; where there
 * are none it is slower. In items of backward alone, which end with a fence: not where gradients
 * are clipped, nor for shared tensors. */
static inline int rn_writes_past(const RnPass *pass)
{
    return pass->fused && rn_threads(pass->call) > 1;
}

/* Does backward make gradients of tensors? */
static inline int rn_wants_tensors(const RnCall *call)
{
    return !rn_asks(call->what, RN_STATES_ONLY);
}

/* Are there several networks in one call? */
static inline int rn_shares(const RnCall *call)
{
    return rn_asks(call->what, RN_STATES_ONLY) && call->networks > 1;
}

/* Is the region the one that is traced? */
RN_INLINE int rn_traces(const RnCall *call, int32_t region)
{
    return rn_asks(call->what, RN_TRACE) && call->trace_region == region;
}

/* Are states of the region made again, those that segments begin with apart? */
static inline int rn_is_remade(const RnSpan *span)
{
    return rn_uses(RN_USES_REMADE) && span->start;
}

/* Is the state before the layer one that a segment begins with? */
static inline int rn_begins_segment(const RnSpan *span, int64_t layer)
{
    return rn_is_remade(span) && !(layer & (span->segment - 1));
}

/* shape.c */
static const int64_t RN_MOST_LAYERS = (int64_t)1 << 40;
/* Depth of a region; 0 where the config makes it no whole number from 1 to RN_MOST_LAYERS. */
int64_t rn_depth(const RnProgram *program, const double *config, int32_t region);
/* Number of layers of a tensor, 0 as above. */
int64_t rn_tensor_layers(const RnProgram *program, const double *config, int32_t tensor);
int64_t rn_output_rows(const RnProgram *program);
int32_t rn_moments(const RnProgram *program);

/* memory.c */
/* Lanes that products of wide layers take at once. */
enum { RN_UNIT = RNK_PACK_VECTORS * RN_LANES };
/* `unit`: RN_UNIT of the instruction set. NULL: a size overflows or the config is bad. */
RnPass *rn_pass_open(const RnCall *call, int64_t unit);
size_t rn_pass_size(const RnCall *call, int64_t unit); /* 0: likewise */
size_t rn_params_size(const RnProgram *program, const double *config);
size_t rn_state_size(const RnProgram *program, const double *config);
size_t rn_tensor_offset(const RnProgram *program, const double *config, int32_t tensor,
                        int64_t *count);

/* step.c */
int rn_run(const RnCall *call);
size_t rn_workspace_size(const RnCall *call);
size_t rn_stretch_size(const RnStretch *stretch); /* stretch.c */
int rn_stretch(const RnStretch *stretch);
void rn_parallel(const RnCall *call, int64_t count, void (*body)(void *context, int64_t index),
                 void *context);

/* segment.c: a region's layers, whose states may be held for one segment only. */
/* The least layer that may be in one call of rn_backward_layers with layer `to` − 1. */
int64_t rn_block_from(const RnSpan *span, int64_t to);
/* The end of what begins with layer `from` and ends with a block or a segment. */
int64_t rn_block_to(const RnSpan *span, int64_t from);
/* Which layers of such a block fall to the tile's thread when they are summed. */
void rn_mark_own(const RnPass *pass, RnTile *tile, int32_t region, int64_t from, int64_t to);
/* Layers from … to − 1 of one tile; the whole region in such calls, last layers first. The gradient
 * is in the tile's gradient[0] before and after. */
void rn_backward_layers(const RnPass *pass, RnTile *tile, int32_t region, int64_t from, int64_t to);

/* backward.c: from the gradient of the output, in every tile's gradient[0]. */
void rn_backward(RnPass *pass);

/* loss.c */
int rn_targets_ok(const RnCall *call);
int rn_has_loss(const RnCall *call);
/* Losses of the tile's samples, and under RN_BACKWARD the gradient of their mean. */
void rn_loss_tile(const RnPass *pass, const RnTile *tile);
double rn_mean_loss(const RnPass *pass);

/* networks.c: can the call's networks share a pass? */
int rn_networks_ok(const RnCall *call);
void rn_fill_factors(const RnPass *pass);

/* pack.c */
/* x [batch][rows] to the tile's rows × width. */
void rn_pack(const RnTile *tile, const real *x, int64_t rows, real *packed);

/* optimizer.c */
void rn_rules(RnPass *pass);
/* One layer's part of layers from … to − 1, whose gradients are all there: whole vectors of the
 * tensor, so some elements of its neighbours in place of its own. */
void rn_update_layer(const RnPass *pass, int32_t tensor, int64_t layer, int64_t from, int64_t to);
/* Clips by the norm of all gradients, then updates everything. */
void rn_update_clipped(RnPass *pass);
void rn_update_shared(const RnPass *pass);

/* trace.c: a tile's state before the region, then those that layers from … to − 1 have just left */
void rn_trace_first(const RnPass *pass, const RnTile *tile);
void rn_trace_states(const RnPass *pass, const RnTile *tile, int64_t from, int64_t to);
void rn_trace_gradient(RnPass *pass, int64_t layer);

#endif
