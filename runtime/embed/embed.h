/* SPDX-License-Identifier: Apache-2.0
 *
 * The interface of an object to embed, in C that is compiled once a machine: flags of its baseline,
 * independent of network and precision. rnetc links its bitcode beside a network's tables and turns
 * every rne_X of RN_EMBED_FUNCTIONS (core/vocabulary.h) into NAME_X; whatever else is here becomes
 * internal, and what a network does not call is dropped. The user's side of each function, with
 * shapes, alignment, ownership and errors, is in the header that compiler/driver/header.c prints.
 *
 * No allocation, no input or output, no variable but the pointer of rne_code.
 */
#ifndef RNET_EMBED_EMBED_H
#define RNET_EMBED_EMBED_H

#include "core/program.h"

#define RNE_API __attribute__((visibility("default")))

enum { RNE_PARAMS = RN_EMBED_PARAMS };

/* More threads than that are an argument that is wrong; sizes of as many do not overflow. */
#define RNE_MOST_THREADS INT32_MAX

/* rnetc's version, the interface's, the hash of the source; emitted. */
extern const char rnet_embed_version[];
/* Params of the defaults, in objects that have them; emitted. */
extern const char rnet_embed_weights[];

/* A member of NAME_config: whole params are int64_t, the others double. */
typedef union RneMember {
    int64_t whole;
    double number;
} RneMember;

/* ---- open.c: what every function does first ---- */
/* The instruction set to run on, chosen at the first call; NULL: RNET_ISA names another one. */
const RnCode *rne_code(void);
/* Values of the params from a NAME_config, of the defaults from NULL. 0: one is out of range, or
 * the pointer is not aligned. */
int rne_read_config(const void *config, double *values);
/* Neither null nor misaligned? */
int rne_is_aligned(const void *pointer, size_t alignment);
/* Program, code, config and threads of a call; values has room for RNE_PARAMS. RnEmbedStatus. */
int rne_open(RnCall *call, const void *config, double *values, const RnParallel *parallel);

/* ---- call.c: a batch through the network ---- */
/* Runs a call that is filled in, after looking at its pointers. RnEmbedStatus. */
int rne_run(const RnCall *call);
/* Is none of the numbers infinite or NaN? They take `bytes`, `each` of them 4 or 8. */
int rne_are_finite(const void *numbers, size_t bytes, size_t each);

/* ---- fit.c ---- */
/* Bytes of a workspace of rne_fit; `what` has RN_FIT. Changes batch and threads of the call. */
size_t rne_fit_size(RnCall *call);

/* ---- The interface ---- */
RNE_API const char *rne_error(int status);
RNE_API const char *rne_version(void);
RNE_API const char *rne_isa(void);
RNE_API size_t rne_params_size(const void *config);
RNE_API size_t rne_state_size(const void *config);
RNE_API size_t rne_workspace_size(const void *config, size_t batch, int what, int64_t threads);
RNE_API int rne_init(const void *config, void *params, void *state, uint64_t seed, void *workspace,
                     const RnParallel *parallel);
RNE_API int rne_fit(const void *config, void *params, const void *x, size_t count, void *workspace,
                    const RnParallel *parallel);
RNE_API int rne_forward(const void *config, const void *params, const void *x, void *y,
                        size_t batch, void *workspace, const RnParallel *parallel);
RNE_API int rne_loss(const void *config, const void *params, const void *x, const void *target,
                     size_t batch, void *workspace, const RnParallel *parallel, double *loss);
RNE_API int rne_gradient(const void *config, void *params, const void *state, const void *x,
                         const void *target, size_t batch, void *gradient, void *workspace,
                         const RnParallel *parallel, double *loss);
RNE_API int rne_step(const void *config, void *params, void *state, const void *x,
                     const void *target, size_t batch, double rate, void *workspace,
                     const RnParallel *parallel, double *loss);
RNE_API int rne_load(const void *config, void *params, void *state, const void *file,
                     size_t file_size, void *workspace);
RNE_API int rne_load_config(void *config, const void *file, size_t file_size);
RNE_API size_t rne_save_size(const void *config, int with_state);
RNE_API int rne_save(const void *config, const void *params, const void *state, void *file,
                     size_t file_size);
RNE_API int rne_export(const void *config, const void *params, const char *tensor, void *values,
                       size_t count);
RNE_API int rne_import(const void *config, void *params, const char *tensor, const void *values,
                       size_t count);
RNE_API const void *rne_weights(void);
/* Of one set of the object, by its number, whether or not this processor has it: sizes are computed
 * in the code of the least set. */
RNE_API size_t rne_workspace_size_of(int32_t set, size_t batch, int what, int64_t threads);

#endif
