/* SPDX-License-Identifier: Apache-2.0
 *
 * The oracle: what a network of the language computes, by naive loops in double, with a bound for
 * every number on how far a program in its own precision may be from it.
 *
 * It shares nothing with the compiler or the runtime: it reads the text of --dump=model. Values go
 * in and out as plain doubles in checkpoint order ([layer][out][in] for the weight of a dense
 * layer); tensors are counted in the order of the dump.
 *
 *     oracle_read → oracle_set_param …, oracle_prepare → oracle_set_tensor … → oracle_run
 *                 → oracle_output, oracle_gradient … → oracle_step → oracle_after …
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "num.h"

#include <stdio.h>

typedef struct Oracle Oracle;

enum { ORACLE_MOMENTS = 2 };

/* One set of inputs. Targets are labels for cross_entropy, rows of the output's size for mse. */
typedef struct OracleBatch {
    long count;
    const double *x, *target;
    bool training; /* batch statistics in batchnorm, and running ones updated */
    bool own;      /* bounds are of the oracle's own rounding alone: for finite differences */
} OracleBatch;

/* What the run met that makes a comparison meaningless. */
typedef struct OracleDoubts {
    long kinks;            /* pre-activations of kinked functions whose sign is not certain */
    long gradients;        /* gradients, under a normalising optimiser, likewise */
    long clips;            /* norms that may lie on either side of the clipping bound */
    const char *where;     /* the tensor of the last such gradient */
    unsigned long pattern; /* hash of the signs at all kinks: the same, the same smooth piece */
} OracleDoubts;

typedef struct OracleTensor {
    const char *name, *role, *law;
    long layers, size; /* reals of one layer */
    int rank;
    long dims[4];
    bool trainable, absolute;
    bool normalised; /* its step divides by the gradient's own size */
    bool correlated; /* along depth */
} OracleTensor;

/* NULL after a message on stderr. */
Oracle *oracle_read(const char *dump_path);
void oracle_free(Oracle *oracle);
/* False where there is no such param. */
bool oracle_set_param(Oracle *oracle, const char *name, double value);
/* The two tensors of `standardize`; false where the network has none. */
bool oracle_standardize(const Oracle *oracle, int *mean, int *inverse);
bool oracle_has_batchnorm(const Oracle *oracle);
/* Evaluates depths and makes room; after the params are set. */
void oracle_prepare(Oracle *oracle);

bool oracle_is_double(const Oracle *oracle);
bool oracle_is_classifier(const Oracle *oracle);
long oracle_input_size(const Oracle *oracle);
long oracle_output_size(const Oracle *oracle);
int oracle_tensor_count(const Oracle *oracle);
OracleTensor oracle_tensor(const Oracle *oracle, int tensor);
void oracle_set_tensor(Oracle *oracle, int tensor, const double *values);
/* The formula of a tensor that is one (law formula or constant) at a layer, in double. */
double oracle_formula(const Oracle *oracle, int tensor, long layer);
/* The standard deviation that the tensor's law states; negative where it states none. */
double oracle_deviation(const Oracle *oracle, int tensor, long layer);

/* Forward and backward; `pattern` and `kinks` of the doubts are those of this run. */
OracleDoubts oracle_run(Oracle *oracle, const OracleBatch *batch);
/* Forward only. */
OracleDoubts oracle_forward(Oracle *oracle, const OracleBatch *batch);
const Num *oracle_output(const Oracle *oracle); /* [count][output] */
const Num *oracle_losses(const Oracle *oracle); /* [count] */
Num oracle_loss(const Oracle *oracle);
const Num *oracle_gradient(const Oracle *oracle, int tensor); /* [layers][size] */

/* Exact values in place of those of the last run. */
void oracle_set_gradient(Oracle *oracle, int tensor, const double *values);

/* One update from the state before it: moments[m][tensor] are values in checkpoint order, `step`
 * counts from 1, `rate` is the schedule's value. Uses the gradients of the last run. Running
 * statistics are as that run left them. */
OracleDoubts oracle_step(Oracle *oracle, const double *const *moments[ORACLE_MOMENTS], long step,
                         double rate);
const Num *oracle_after(const Oracle *oracle, int tensor);
const Num *oracle_moment_after(const Oracle *oracle, int moment, int tensor);
/* What the schedule makes of the rate at the step (from 0) of `steps`, `per_epoch` an epoch. */
double oracle_rate(const Oracle *oracle, long step, long steps, long per_epoch);

#endif
