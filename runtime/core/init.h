/* SPDX-License-Identifier: Apache-2.0
 *
 * First values of tensors, by law and by place.
 *
 * Entries count in checkpoint order, [layer][out][in]; they lie in memory as [layer][in][out]. An
 * independent entry is the draw of that number from the tensor's stream, so those of depth L are
 * the first ones of depth 2L. A law that draws a layer as a whole takes the layer as the counter's
 * upper half. A path's entry (out, in) is part in mod 2 of complex path (in / 2) · outs + out.
 */
#ifndef RNET_CORE_INIT_H
#define RNET_CORE_INIT_H

#include "core/path.h"
#include "core/program.h"

/* One tensor being drawn. */
typedef struct RnDraw {
    const RnTensor *tensor;
    real *out;            /* [layers][ins][outs] */
    const double *scales; /* [layers] */
    uint64_t stream;
    int64_t layers;
    int64_t drawn_layers; /* 1 where all layers share the draw */
    int64_t outs, ins;    /* a tensor that is no matrix: [outs = 1, ins = size] */
    int32_t by_path, unused;
    RnPath path;
    char *shared, *slots;
    size_t slot_bytes; /* a multiple of 64 */
    int64_t slot_count;
    int64_t chunk; /* independent entries drawn at a time; a multiple of RN_RANDOM_BLOCK */
} RnDraw;

/* Bytes of a slot of rn_draw_entries. */
size_t rn_entries_slot(const RnDraw *draw);

/* Each body does its share of the work: items index, index + slot_count, …, in the slot `index`. */
typedef void RnDrawBody(void *draw, int64_t index);
RnDrawBody rn_draw_entries;    /* NORMAL, UNIFORM, SIGNS */
RnDrawBody rn_draw_paths;      /* NORMAL with a path along depth */
RnDrawBody rn_draw_orthogonal; /* ORTHOGONAL, HAAR */

/* Reflections [k, d]: unit vectors; the slot holds d doubles, rounded up to a block. */
RnDrawBody rn_draw_householder;

/* Whole numbers 0 … size − 1 in an order that the tensor's own seed decides. */
void rn_draw_permutation(const RnDraw *draw);
/* The scale itself, everywhere. */
void rn_draw_constant(const RnDraw *draw);

size_t rn_init_workspace_size(const RnProgram *program, const double *config);
int rn_init(const RnProgram *program, const double *config, void *params, uint64_t seed,
            uint64_t repeat, void *workspace, const RnParallel *parallel);
int rn_derive(const RnProgram *program, const double *config, void *params, uint64_t seed,
              uint64_t repeat, void *workspace, const RnParallel *parallel);
int rn_redraw(const RnProgram *program, const double *config, void *params, uint64_t seed,
              uint64_t repeat, void *workspace, const RnParallel *parallel, int64_t changed);

#endif
