/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixed parts of the header of an object to embed. Who reads that header has never seen this
 * project: every function says what it reads and writes, and what can go wrong.
 */
#include "driver/header_text.h"

#include <stddef.h>

const char header_begin[] =
    " *\n"
    " * The network as functions over memory that you bring. Link the object with -lm;\n"
    " * nothing else is needed, and nothing is allocated, printed or kept. Every\n"
    " * function may be called from any number of threads at the same time, as long as\n"
    " * no two of them write to the same memory. Results are the same bits for any\n"
    " * number of threads and whatever else is in the batch. Instruction sets with a\n"
    " * fused multiply-add agree to the bit; the baseline of x86 has none, and code of\n"
    " * --cpu amx makes wide products otherwise: these agree within rounding.\n"
    " *\n"
    " *     size_t size = @_params_size(NULL);                  NULL: the params' defaults\n"
    " *     void *params = aligned_alloc($_ALIGN, size);\n"
    " *     size = @_workspace_size(NULL, 1, $_FORWARD, 1);\n"
    " *     void *workspace = aligned_alloc($_ALIGN, size);\n"
    " *     ... give the params their values: @_load or @_init ...\n"
    " *     int status = @_forward(NULL, params, x, y, 1, workspace, NULL);\n"
    " *     if (status != $_OK) puts(@_error(status));\n"
    " *\n"
    " * RNET_ISA in the environment forces an instruction set, for tests.\n"
    " */\n"
    "#ifndef $_H\n"
    "#define $_H\n"
    "\n"
    "#include <stddef.h>\n"
    "#include <stdint.h>\n"
    "\n"
    "#ifdef __cplusplus\n"
    "extern \"C\" {\n"
    "#endif\n";

const char header_config[] =
    "\n"
    "/* Values of the params. Every function takes a pointer to one, or NULL for the\n"
    " * defaults. Sizes depend on it, so that memory belongs to the config that it was\n"
    " * made for. */\n"
    "typedef struct @_config {\n";

const char header_purpose[] = "\n"
                              "/* What a workspace is for. */\n"
                              "enum {\n";

const char header_status[] = "\n"
                             "/* What functions return. */\n"
                             "enum {\n";

const char header_labels[] =
    "\n"
    "/* `target` below: int32_t [batch], labels from 0 to $_OUTPUTS - 1. */\n";

const char header_numbers[] = "\n"
                              "/* `target` below: ~ [batch][$_OUTPUTS]. */\n";

const char header_end[] = "\n"
                          "#ifdef __cplusplus\n"
                          "}\n"
                          "#endif\n"
                          "\n"
                          "#endif\n";

static const char parallel[] =
    "\n"
    "/* Your threads. `run` calls body(context, i) for every i from 0 to count - 1, in\n"
    " * any order, on any threads, and returns when all are done. `threads` is how many\n"
    " * work at the same time; it decides how work is cut, never a result. NULL in\n"
    " * place of this struct: the caller's thread alone. */\n"
    "typedef struct @_parallel {\n"
    "    void (*run)(void *pool, int64_t count, void (*body)(void *context, int64_t index),\n"
    "                void *context);\n"
    "    void *pool; /* handed to run */\n"
    "    int64_t threads;\n"
    "} @_parallel;\n";

static const char facts[] =
    "\n"
    "/* A status in words. Never NULL; static. */\n"
    "const char *@_error(int status);\n"
    "/* Versions of rnetc and of the interface, and the hash of the source; static. */\n"
    "const char *@_version(void);\n"
    "/* The instruction set at work; NULL: none runs here, or not RNET_ISA's. The\n"
    " * choice is made once, by the first function called. */\n"
    "const char *@_isa(void);\n";

static const char sizes[] =
    "\n"
    "/* Bytes, with $_ALIGN of alignment. 0: a param is out of range, a size overflows,\n"
    " * or the object does not do what the workspace is for. */\n"
    "size_t @_params_size(const @_config *config);\n"
    "/* Of the optimiser's memory: 0 in objects that do not train. */\n"
    "size_t @_state_size(const @_config *config);\n"
    "/* For `what`, one of the purposes above, on `batch` samples or fewer with\n"
    " * `threads` threads or fewer (1: no @_parallel). The same on every instruction\n"
    " * set of the object. A workspace keeps nothing from call to call and needs no\n"
    " * first value; the largest of several serves all, and calls at the same time need\n"
    " * one each. */\n"
    "size_t @_workspace_size(const @_config *config, size_t batch, int what,\n"
    "                        int64_t threads);\n";

static const char state[] = "\n"
                            "/* How a state begins; behind it are the optimiser's moments. */\n"
                            "typedef struct @_state {\n"
                            "    uint64_t step; /* updates done */\n"
                            "    uint64_t seed, repeat, reserved[13];\n"
                            "} @_state;\n";

static const char init[] =
    "\n"
    "/* First values: draws all weights, and where `state` is not NULL makes it a state\n"
    " * of no steps. The draws depend on the seed and the config, and on nothing\n"
    " * else. $_BAD_CONFIG: a scale of theirs is not finite, too; nothing is written. */\n"
    "int @_init(const @_config *config, void *params, void *state, uint64_t seed,\n"
    "           void *workspace, const @_parallel *parallel);\n";

static const char fit[] =
    "\n"
    "/* Takes from `count` samples x [count][$_INPUTS] what `standardize` needs to know\n"
    " * of the data: means and deviations of the inputs, kept in params. Before\n"
    " * training; the workspace is that of $_FIT with any batch. $_NOT_FINITE: a number\n"
    " * is, or is too large to be squared, and params are as before. */\n"
    "int @_fit(const @_config *config, void *params, const ~ *x, size_t count,\n"
    "          void *workspace, const @_parallel *parallel);\n";

static const char forward[] =
    "\n"
    "/* Predicts: x [batch][$_INPUTS] to y [batch][$_OUTPUTS], which the caller owns.\n"
    " * Of a sample that is not finite the outputs mean nothing; the others' are as\n"
    " * without it. Workspace of $_FORWARD. */\n"
    "int @_forward(const @_config *config, const void *params, const ~ *x, ~ *y,\n"
    "              size_t batch, void *workspace, const @_parallel *parallel);\n";

static const char train[] =
    "\n"
    "/* The mean loss of a batch, as in prediction. Workspace of $_LOSS.\n"
    " *\n"
    " * $_NOT_FINITE from this and the next two: a number among samples or targets is\n"
    " * not finite, and nothing is written but a `loss` of NaN; or the loss comes out so,\n"
    " * and then it is in `loss`. */\n"
    "int @_loss(const @_config *config, const void *params, const ~ *x,\n"
    "           const void *target, size_t batch, void *workspace,\n"
    "           const @_parallel *parallel, double *loss);\n"
    "\n"
    "/* The gradient of the mean loss by every number of the params, laid out like\n"
    " * them, zeros where nothing is trained, for a host with an optimiser of its own.\n"
    " * With a state the network is in training: dropout drops what belongs to the\n"
    " * state's seed and step, and running statistics in params are updated. With NULL\n"
    " * it is as in prediction, and params are only read. `loss` may be NULL. Workspace\n"
    " * of $_GRADIENT. */\n"
    "int @_gradient(const @_config *config, void *params, const void *state, const ~ *x,\n"
    "               const void *target, size_t batch, void *gradient, void *workspace,\n"
    "               const @_parallel *parallel, double *loss);\n"
    "\n"
    "/* One step of the file's optimiser: params and state change, `loss` (or NULL) is\n"
    " * that of before the step. `rate` is this step's learning rate; 0 takes the\n"
    " * file's, without its schedule. $_NOT_FINITE: neither params nor state have\n"
    " * changed, but for running statistics where the numbers of the batch are finite\n"
    " * and the loss is not. Workspace of $_STEP. */\n"
    "int @_step(const @_config *config, void *params, void *state, const ~ *x,\n"
    "           const void *target, size_t batch, double rate, void *workspace,\n"
    "           const @_parallel *parallel, double *loss);\n";

static const char load[] =
    "\n"
    "/* Checkpoints are safetensors files in memory: those that the model's executable\n"
    " * writes with --save, those of @_save, or any with the tensors' names, shapes and\n"
    " * type. A file on disk is read or mapped by the host; `file` needs no alignment\n"
    " * and is not kept.\n"
    " *\n"
    " * Params, and the state where it is not NULL, from a file. The state needs the\n"
    " * checkpoint of a run; training then goes on with the same bits. The config\n"
    " * decides all shapes, and the file must have them. $_BAD_FILE: damaged;\n"
    " * $_WRONG_FILE: of another network; $_WRONG_SHAPE: of another config, or of\n"
    " * another precision; $_NO_STATE: of weights alone. In all cases params and state\n"
    " * are as before. Workspace of $_LOAD. */\n"
    "int @_load(const @_config *config, void *params, void *state, const void *file,\n"
    "           size_t file_size, void *workspace);\n"
    "/* The params that a file was made with; the defaults where it does not say.\n"
    " * `config` is untouched but after $_OK. */\n"
    "int @_load_config(@_config *config, const void *file, size_t file_size);\n";

static const char save[] =
    "\n"
    "/* Bytes of a file of params alone, or with a state; 0 as above. The same for\n"
    " * every state. */\n"
    "size_t @_save_size(const @_config *config, int with_state);\n"
    "/* Writes just so many bytes to `file`; NULL state: params alone. $_TOO_SMALL:\n"
    " * file_size is less, and nothing is written. */\n"
    "int @_save(const @_config *config, const void *params, const void *state, void *file,\n"
    "           size_t file_size);\n";

static const char tensors[] =
    "\n"
    "/* One tensor by its name in checkpoints (\"stack.W.weight\"), all its `count`\n"
    " * numbers in the order of checkpoints: [depth, out, in], without the depth\n"
    " * outside stacks. To `values` and from there. Params must have been drawn or\n"
    " * loaded once before an import, since tables that follow from the config lie in\n"
    " * them, too. $_BAD_ARGUMENT: no such tensor, or too large a count; $_TOO_SMALL:\n"
    " * too small a count. Neither writes anything. */\n"
    "int @_export(const @_config *config, const void *params, const char *tensor,\n"
    "             ~ *values, size_t count);\n"
    "int @_import(const @_config *config, void *params, const char *tensor,\n"
    "             const ~ *values, size_t count);\n";

static const char weights[] =
    "\n"
    "/* The params that are part of the object, read-only and aligned: those of the defaults, "
    "which\n"
    " * fix every param that decides a shape. A copy of @_params_size(NULL) bytes can be trained\n"
    " * further. */\n"
    "const void *@_weights(void);\n";

const HeaderPart header_parts[] = {
    {RN_EMBED_ALWAYS, 0, parallel}, {RN_EMBED_ALWAYS, 0, facts},   {RN_EMBED_ALWAYS, 0, sizes},
    {RN_EMBED_TRAINS, 0, state},    {RN_EMBED_DRAWS, 0, init},     {RN_EMBED_FITS, 0, fit},
    {RN_EMBED_ALWAYS, 1, forward},  {RN_EMBED_TRAINS, 0, train},   {RN_EMBED_UNBAKED, 0, load},
    {RN_EMBED_DRAWS, 0, save},      {RN_EMBED_ALWAYS, 0, tensors}, {RN_EMBED_BAKED, 0, weights},
    {RN_EMBED_ALWAYS, 0, NULL},
};
