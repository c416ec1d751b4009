/* SPDX-License-Identifier: Apache-2.0
 *
 * Plan: where every value lives and which nodes run together.
 *
 * A block runs as a list of groups. A group is a matrix product with the element-wise ops that
 * become its epilogue, one whole-value kernel, or element-wise ops alone (a map). A map of a few
 * instructions is made by the product behind it while that sums its first rows. Values used only
 * inside their group live in registers; all others have rows in one of these places of a tile (a
 * row is `width` reals, one for each sample):
 *
 *     next / gradient out   the block's result
 *     kept                  one slot a layer, when backward needs the value
 *     scratch               one slot, reused by every layer
 *
 * Deltas (operands of gradients) are also written transposed, [sample][column], because gradients
 * of weights run along the samples: in small parts between the sums of the product that multiplies
 * them, where there is a narrow one, or once they are complete. A layer of region r thus costs, for
 * each sample, in_rows + kept_rows reals from forward to backward, and delta_columns reals inside a
 * block of layers, and one for each gradient of a scalar: these lie behind them, [scalar][sample].
 * The gradient of a bias is summed with that of a matrix, its partner, where both are sums of the
 * same deltas.
 * Gradients of matrices of 128 rows and columns transpose what they copy anyway: their deltas stay
 * in scratch, of which such a block has some for each layer.
 *
 * States are held for a segment of layers at a time where they can be made again to the bit: in
 * stacks of fewer than 128 rows whose block's result follows from the state and from kept values by
 * element-wise ops other than dropout. The block `remake` has these nodes of forward alone,
 * everything else being there already.
 *
 * Worked example, h + alpha·V relu(h) with 30 features: forward groups are map{act → kept 0}, made
 * by dense{bias, scale, add → next}; kept_rows 30, keeps_states false, since backward reads
 * relu(h) and never h itself.
 */
#ifndef RNET_IR_PLAN_H
#define RNET_IR_PLAN_H

#include "ir/graph.h"

enum { NO_PLACE = -1, DELTA_ALIGN = 16 };

typedef struct Storage {
    int32_t group; /* that makes it; -1: a source */
    int32_t last;  /* last group that reads it from memory, or makes what does */
    bool stored;   /* in memory at all */
    bool is_result;
    bool stays;      /* scratch of the layer that gradients read as it is */
    int64_t kept;    /* row of the kept slot, or NO_PLACE */
    int64_t scratch; /* row of the scratch slot, or NO_PLACE */
    ValueId partner; /* gradient that is summed together with this one; NO_VALUE */
    int64_t column;  /* first column of its transposed copy, or number of its scalar; NO_PLACE */
    int32_t beside;  /* group of the product that makes this copy; -1: none */
} Storage;

typedef struct Group {
    ValueId root; /* PRODUCT or WHOLE; NO_VALUE: a map */
    int64_t rows;
    VEC(ValueId) items; /* element-wise ops in order; a source stands for its copy */
    bool made_by_next;  /* a map: so few instructions that the product behind it makes it */
} Group;

typedef struct BlockPlan {
    VEC(Group) groups;
    Storage *places; /* [nodes] */
} BlockPlan;

typedef struct RegionPlan {
    BlockPlan forward, backward, remake;
    int64_t kept_rows, scratch_rows, delta_columns, delta_scalars;
    bool keeps_states, reads_states; /* the latter: not only for gradients of tensors */
    bool remakes;                    /* those states */
    bool sums_kept;                  /* gradients of its layers' tensors read kept values */
    bool stays;                      /* some of its scratch does */
    bool lockstep;                   /* batch statistics want the batch in one tile */
    bool trained, trained_shared;
} RegionPlan;

typedef struct Plan {
    const Graph *graph;
    RegionPlan *regions;    /* [graph->regions.count] */
    int32_t *tensor_region; /* [tensor_count] region that uses the tensor */
} Plan;

/* Are all of the group's items not more than a few instructions each? */
bool plan_group_is_short(const Block *block, const Group *group);
/* Is the group a short map of what the next one multiplies, in one product for all rows, which is
 * not made from copies? */
bool plan_can_be_made_by_next(const Block *block, const BlockPlan *plan, uint32_t number);

/* May the node, a product, make the transposed copy of what it multiplies? */
bool plan_can_transpose(const Node *node);

/* The forward value that a source of the backward block stands for, or NO_VALUE. */
static inline ValueId kept_value(const Node *node)
{
    return node->op == OP_KEPT ? node->in[0] : NO_VALUE;
}

/* plan_graph: Graph to Plan. Requires graph_verify(); ensures plan_verify(); memory in `arena`.
 * NULL graph gives NULL. */
Plan *plan_graph(Arena *arena, const Graph *graph);

/* Does the gradient read a delta that stays, in place of its transposed copy? */
bool plan_reads_rows(const BlockPlan *plan, const Node *node);

/* Are both sums of the same deltas that one kernel makes: of a narrow matrix, and of a row? */
bool plan_can_pair(const Graph *graph, const Node *weight, const Node *row);

/* --dump=plan. */
void plan_print(const Plan *plan, FILE *out);

/* NULL where no two live values overlap and all offsets are inside, else what is broken. */
const char *plan_verify(Arena *arena, const Plan *plan);

#endif
