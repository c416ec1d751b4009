/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled network under test, behind plain doubles in checkpoint order.
 */
#ifndef ORACLE_PRODUCT_H
#define ORACLE_PRODUCT_H

#include "core/program.h"

#include <stdbool.h>

typedef struct Product {
    const RnProgram *program;
    const RnCode *code;
    const double *config;
    void *params, *state, *gradient, *workspace;
    size_t params_size, state_size, workspace_size;
    int moments;
    long batch; /* of the inputs below */
    void *x, *y, *losses;
    void *target; /* int32_t labels, or reals */
    double loss;  /* mean, of the last run */
    double *fit;  /* [2][input] */
    int32_t loss_kind;
    unsigned char fill;         /* what the workspace holds before a run */
    const RnParallel *parallel; /* or NULL */
} Product;

long product_input_size(const RnProgram *program);
long product_output_size(const RnProgram *program);
void product_open(Product *p, const RnProgram *program, const RnCode *code, const double *config,
                  long batch);
void product_close(Product *p);
/* Draws the weights; the optimiser starts anew. */
void product_init(Product *p, uint64_t seed);
/* Rounds to the program's precision: what it really computes with is written back. */
void product_set_inputs(Product *p, double *x, double *target);
/* Ends the program where the network refuses. */
void product_run(Product *p, int what, double rate);

double product_real(const Product *p, const void *reals, long index);
/* Numbers of a tensor in `memory`, laid out like params; values [layers][size]. */
void product_read(const Product *p, const void *memory, int tensor, double *values);
void product_write(Product *p, int tensor, const double *values);
const void *product_moment(const Product *p, int moment);
long product_layers(const Product *p, int tensor);
void *product_copy(const void *memory, size_t size);

#endif
