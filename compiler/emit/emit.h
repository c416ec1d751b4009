/* SPDX-License-Identifier: Apache-2.0
 *
 * emit.h: Plan to machine code.
 *
 * Requires  plan_verify() holds.
 * Ensures   the module passes LLVM's verifier; no call passes a vector; every function of an
 *           instruction set carries that set's features and no other; same input, same bytes,
 *           whatever the number of processors.
 * Diagnoses E06xx: a target or CPU that LLVM does not know, output that cannot be made.
 * Memory    the output is malloc'ed by LLVM and owned by the EmitOutput.
 * Cost      independent of depth. The instruction sets' objects are made side by side.
 */
#ifndef RNET_EMIT_EMIT_H
#define RNET_EMIT_EMIT_H

#include "ir/plan.h"
#include "support/diag.h"

typedef enum OutputKind { OUTPUT_OBJECT, OUTPUT_ASSEMBLY, OUTPUT_LLVM } OutputKind;

typedef struct EmitOptions {
    OutputKind kind;
    int optimisation;        /* 0 … 3 */
    bool debug;              /* line tables */
    const char *target;      /* a triple; NULL: the host's */
    const char *cpu;         /* NULL: every instruction set, chosen when the program starts */
    const char *sanitize;    /* "address", "thread" or NULL */
    const char *source_hash; /* hexadecimal */
    const char *version;
    bool embed;        /* of OUTPUT_OBJECT: one object with core and interface */
    bool predict_only; /* of which: without what training needs */
    bool asked;        /* of which: to be asked for sizes, of each set */
    bool baked;        /* of which: with these params, for the defaults */
    const void *weights;
    size_t weights_size;
    double *seconds; /* [EMIT_STAGES] added to: those of the busiest thread */
} EmitOptions;

enum EmitStage { EMIT_STAGE_BUILD, EMIT_STAGE_OPTIMISE, EMIT_STAGE_WRITE, EMIT_STAGES };

typedef struct EmitPart {
    void *buffer; /* an LLVM memory buffer; emit_dispose frees it */
    const char *data;
    size_t size;
} EmitPart;

/* One text; or objects to link together, one for each instruction set. */
enum { EMIT_PARTS = 4 };

typedef struct EmitOutput {
    EmitPart parts[EMIT_PARTS];
    int count;
} EmitOutput;

/* False means that at least one error was reported. NULL plan gives false. Not from two threads at
 * a time. The first call in a process settles for all of them whether strength reduction runs: not
 * when that one is at -O1. It changes speed, never results. */
bool emit_module(Arena *arena, const Plan *plan, const EmitOptions *options, DiagSink *diag,
                 EmitOutput *output);
void emit_dispose(EmitOutput *output);

/* Can this process call what these options make? */
bool emit_runs_here(const EmitOptions *options);
/* LLVM's name of the machine, and the instruction sets of an object, best first, with NULL behind
 * them. False after an error. */
enum { EMIT_SETS = 5 };
bool emit_describe(const EmitOptions *options, DiagSink *diag, const char **triple,
                   const char *sets[EMIT_SETS]);

/* Has an object of these options the functions of that kind? */
bool embed_has(const Graph *graph, const EmitOptions *options, RnEmbedWhen when);
/* Is there code for them? A program, which is no such object, has all. */
bool emit_has(const Graph *graph, const EmitOptions *options, RnEmbedWhen when);

#endif
