/* SPDX-License-Identifier: Apache-2.0
 *
 * Internal to emit/: the only include of llvm-c, the Emitter, and its shorthands.
 *
 * One Emitter builds one instruction set's module: the kernels' bitcode, with the network's
 * functions added to it. The module of the first set holds the tables, too.
 */
#ifndef RNET_EMIT_LLVM_H
#define RNET_EMIT_LLVM_H

#include "emit/emit.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/LLJITUtils.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

enum { LANES = 16 }; /* of a vector */

/* An instruction set: its name in `rnetc --cpu` and RNET_ISA, its kernels, its core. */
typedef struct Isa {
    const char *name;
    bool matrix_unit;  /* large products of floats have bits of their own: only where it is named */
    const char *needs; /* LLVM's features, parted by blanks, that the host must have for it */
    const char *cpus;  /* those that run it and no better set, parted by blanks */
    const char *bitcode[2], *bitcode_end[2]; /* of the kernels: float, double */
    const char *core[2], *core_end[2];       /* of runtime/core, for objects to embed */
} Isa;

enum { ISA_MOST = 4 };

/* A machine, with its instruction sets. */
typedef struct Machine {
    const char *triple;
    const char *spellings;            /* of its name, the first part of a triple */
    const char *cpu, *features, *abi; /* of a target machine; ABI NULL: LLVM's choice */
    void (*initialise)(void);
    int count;
    const char *interface, *interface_end; /* bitcode of runtime/embed */
    Isa sets[ISA_MOST];                    /* best first, then those that want to be named */
} Machine;

typedef struct Emitter {
    Arena *arena;
    const Plan *plan;
    const Graph *graph;
    const EmitOptions *options;
    DiagSink *diag;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTypeRef t_void, t_ptr, t_i32, t_i64, t_double, t_real, t_vector;
    const Machine *machine;
    const bool *chosen;          /* [ISA_MOST] the sets of the program */
    const char *isa;             /* suffix of names */
    bool on_unit;                /* are large products made on a matrix unit? */
    LLVMValueRef model_function; /* a kernel whose attributes every function of the ISA carries */
    LLVMMetadataRef debug_unit, debug_file;
    LLVMDIBuilderRef debug;
    LLVMMetadataRef debug_scope; /* of the function being built, or NULL */
} Emitter;

/* ---- context.c ---- */
void emitter_open(Emitter *e, const Isa *isa);
void emitter_close(Emitter *e);
LLVMValueRef e_kernel(Emitter *e, const char *name);
LLVMValueRef e_call_kernel(Emitter *e, const char *name, LLVMValueRef *args, unsigned count);
/* A function of this ISA with its attributes; static unless exported. */
LLVMValueRef e_function(Emitter *e, const char *name, LLVMTypeRef type);
/* One of LLVM's attributes without a value, of the function or of an argument (from 1 on). */
void e_attribute(Emitter *e, LLVMValueRef function, LLVMAttributeIndex at, const char *name);
/* For --sanitize: the function's accesses are checked. */
void e_mark_sanitized(Emitter *e, LLVMValueRef function);
LLVMValueRef e_i64(Emitter *e, int64_t value);
LLVMValueRef e_real(Emitter *e, double value);
/* p + index reals. */
LLVMValueRef e_offset(Emitter *e, LLVMValueRef p, LLVMValueRef index, const char *name);
/* The place in the source of the instructions that follow. */
void e_place(Emitter *e, Span span);

/* The only builder of loop blocks: i = from … to − 1, or to − 1 … from when descending. */
typedef struct Loop {
    LLVMBasicBlockRef head, body, exit;
    LLVMValueRef counter, index; /* the former a phi */
    bool descending;
} Loop;
Loop e_loop_begin(Emitter *e, LLVMValueRef function, LLVMValueRef from, LLVMValueRef to,
                  bool descending, const char *name);
void e_loop_end(Emitter *e, Loop *loop);

/* ---- region.c: forward, backward, gradient functions of every region ---- */
typedef struct RegionFunctions {
    LLVMValueRef forward, backward, remake, gradient, gradient_shared, forward_one; /* or NULL */
} RegionFunctions;
RegionFunctions emit_region(Emitter *e, uint32_t region);

/* ---- block.c: one layer of one block ---- */
typedef struct LayerFrame {
    uint32_t region;
    bool backward, remake; /* remake: the result of forward, from kept values */
    bool one, drafts;      /* sample alone: features lie along the vector; kernels/draft.h */
    LLVMValueRef function, pass, tile, layer, turn, width;
    LLVMValueRef state, next, kept, scratch, gradient_in, gradient_out, delta;
} LayerFrame;
void emit_block(Emitter *e, LayerFrame *frame);
/* Pointer to a value of the block that lives in memory. */
LLVMValueRef emit_address(Emitter *e, const LayerFrame *frame, ValueId value);
/* To the first value of a tensor at the frame's layer. */
LLVMValueRef emit_tensor(Emitter *e, const LayerFrame *frame, int32_t tensor);

/* ---- group.c: a product or a map with its epilogue ---- */
void emit_group(Emitter *e, LayerFrame *frame, uint32_t group);

/* ---- formula.c: expressions as functions of RnPlace, one for each distinct one ---- */
typedef struct Formulas {
    Emitter *e;
    VEC(const Expr *) exprs;
    VEC(LLVMValueRef) functions;
} Formulas;
/* A pointer to the function, or null for a NULL expression. */
LLVMValueRef emit_formula(Formulas *formulas, const Expr *expr);

/* ---- descriptor.c: the tables that the runtime reads ---- */
void emit_descriptor(Emitter *e);
/* The functions of this ISA, one entry a region, for the module that holds the descriptor. */
void emit_region_code(Emitter *e, const RegionFunctions *functions);
/* The functions of the core that tables name. */
enum { CORE_ENTRIES = 11 };
char *core_function_name(Emitter *e, const char *name, const char *isa);
/* The least and the best of the program's sets. */
const char *core_least(const Emitter *e);
const char *core_best(const Emitter *e);
/* Name of one in the core of a set. */
char *core_name(Emitter *e, int entry, const char *isa);
/* Whose copy of it a set's table names: its own, or in objects to embed, where it is seldom called,
 * the least set's; NULL: none is needed. */
const char *core_home(const Emitter *e, int entry, const char *isa);
LLVMValueRef e_string(Emitter *e, const char *text);

/* ---- debug.c: line tables that point into the .rnet file; nothing without -g ---- */
void debug_open(Emitter *e);
/* Makes `function` a subprogram at the place, which debuggers call `name`; following instructions
 * belong to it. */
void debug_function(Emitter *e, LLVMValueRef function, const char *name, Span span);
void debug_close(Emitter *e);

/* ---- module.c ---- */
/* The module of one set, or of all in one where `isa` is NULL; adds to the seconds. */
EmitPart emit_part(Emitter *e, const Isa *isa, double seconds[EMIT_STAGES]);
/* What the build kept from being dropped may go. */
void e_drop_keepers(LLVMModuleRef module);
void e_name_after_isa(Emitter *e, LLVMValueRef function);

/* ---- parallel.c ---- */
/* One object for each chosen set, in the order of the machine. */
void emit_objects(const Emitter *pattern, EmitOutput *output);

/* ---- uses.c: what the program can ask of the core ---- */
/* The word rnet_uses, where the module reads it. */
void define_uses(Emitter *e, LLVMModuleRef module);
bool uses_theory(const Emitter *e);

/* ---- embed.c: an object that needs no library ---- */
/* The interface into the module of the tables; nothing else there stays visible. */
void embed_interface(Emitter *e);
/* Where the interface asks for them, last of all: passes would only read them again. */
void embed_weights(Emitter *e, LLVMModuleRef module);
/* The core of the set, without what the network does not use, into the set's module, which has been
 * optimised. */
void embed_core(Emitter *e, const Isa *isa, LLVMTargetMachineRef machine);
/* One object of the sets' objects. */
void embed_join(Arena *arena, EmitOutput *output);

/* ---- target.c ---- */
/* Before any other thread uses LLVM. Does its work in a process's first call for the machine. */
void target_initialise(const Machine *machine, int optimisation);
LLVMTargetMachineRef target_machine(Emitter *e);
void target_optimise(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine);
/* The sanitizer's pass, last, as it instruments what is left. */
void target_instrument(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine);
void target_run(LLVMModuleRef module, LLVMTargetMachineRef machine, const char *passes);

/* ---- machine.c ---- */
/* By its triple, in one of the usual spellings; NULL is the host's. NULL after an error. */
const Machine *machine_find(const char *triple, DiagSink *diag);
bool machine_is_host(const Machine *machine);
/* Which sets of the machine to emit for --cpu; false after an error. */
bool machine_choose(const Machine *machine, const char *cpu, bool chosen[ISA_MOST], DiagSink *diag);

/* Layout of struct RnPlace, which formula.c reads by index (runtime/core/program.h). */
enum PlaceField { PLACE_PARAMS, PLACE_DEPTH, PLACE_LAYER, PLACE_FAN_IN, PLACE_FAN_OUT, PLACE_BASE };

#endif
