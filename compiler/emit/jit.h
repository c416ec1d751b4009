/* SPDX-License-Identifier: Apache-2.0
 *
 * jit.h: objects in memory become code of this process.
 *
 * Requires  objects that emit_module made, for this machine.
 * Ensures   what they define can be called until jit_close. Names that they leave open are looked
 *           up among `given`, then among what the process exports (libc, libm).
 * Diagnoses E_LINK: an unknown name, no memory for code.
 * Memory    the objects are copied; the Jit owns its code.
 */
#ifndef RNET_EMIT_JIT_H
#define RNET_EMIT_JIT_H

#include "emit/emit.h"

typedef struct Jit Jit;

/* A name that the objects may refer to. */
typedef struct JitSymbol {
    const char *name;
    const void *address;
} JitSymbol;

/* `given` ends with a row without a name; NULL: nothing is given. With `debug`, a debugger sees the
 * line tables of the code. NULL after an error. */
Jit *jit_open(Arena *arena, const EmitOutput *objects, const JitSymbol *given, bool debug,
              DiagSink *diag);

/* Of a function or of data; NULL after an error, also when a name that it needs is unknown. */
void *jit_address(Jit *jit, const char *name);

/* No code of the objects may be running, nor be called later. NULL does nothing. */
void jit_close(Jit *jit);

#endif
