/* SPDX-License-Identifier: Apache-2.0
 *
 * Constant structs of runtime/core/program.h. Their layouts are taken from the kernels' bitcode. A
 * Record is filled field by field in declaration order; one field too few or too many, or one of
 * another type, stops the compiler.
 */
#ifndef RNET_EMIT_RECORD_H
#define RNET_EMIT_RECORD_H

#include "emit/llvm.h"

typedef struct Record {
    Emitter *e;
    const char *name;
    LLVMTypeRef type;
    LLVMValueRef fields[48];
    unsigned count;
} Record;

typedef struct Tables {
    Emitter *e;
    Formulas formulas;
} Tables;

Record record_open(Emitter *e, const char *struct_name);
void record_put(Record *r, LLVMValueRef value);
void record_i32(Record *r, int64_t value);
void record_i64(Record *r, int64_t value);
void record_double(Record *r, double value);
void record_string(Record *r, const char *text); /* NULL: a null pointer */
void record_formula(Record *r, Tables *t, const Expr *expr);
void record_dims(Record *r, int rank, const int64_t *dims);
LLVMValueRef record_close(Record *r);
/* A constant of internal linkage. */
LLVMValueRef e_constant(Emitter *e, LLVMValueRef value, const char *name);
/* An array of them, or null where there are none. */
LLVMValueRef e_array(Emitter *e, LLVMTypeRef type, LLVMValueRef *items, uint32_t count,
                     const char *name);

/* ---- signal.c ---- */
/* The RnSignal that theory reads. */
LLVMValueRef emit_signal(Tables *t);

#endif
