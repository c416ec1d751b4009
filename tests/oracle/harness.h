/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the harness share: one network, its oracle, and what was found.
 */
#ifndef ORACLE_HARNESS_H
#define ORACLE_HARNESS_H

#include "compare.h"
#include "reference/oracle.h"
#include "product.h"
#include "record.h"

enum { STEPS = 10, EPOCH_STEPS = 3 };

typedef struct Harness {
    const char *dump_path, *record_folder; /* folder NULL: nothing is written */
    bool single;                           /* there must be functions for one sample alone */
    long batch;
    uint64_t seed;
    double *config;
    Oracle *oracle;
    Product product;
    Comparison comparison;
    Record *record;     /* or NULL */
    double *x, *target; /* of the batch at hand */
    int tensor_count;
    double *scratch;                  /* as long as the longest tensor */
    double **values;                  /* [tensor] scratch, in checkpoint order */
    double **moments[ORACLE_MOMENTS]; /* [moment][tensor] */
} Harness;

/* data.c: inputs and targets of a step, the same on every machine */
void make_batch(Harness *h, long step);
/* start.c: draws, checks what was drawn, moves biases and gains away from their fixed starts */
void start_network(Harness *h);
/* Hands the product's tensors to the oracle; h->values keeps them. */
void synchronise(Harness *h);
/* gradients.c: outputs, losses and gradients; and the oracle's own by finite differences */
void check_gradients(Harness *h);
void check_differences(Harness *h);
/* steps.c: ten updates */
void check_steps(Harness *h);
/* bits.c: what must be equal to the last bit */
void check_bits(Harness *h);
/* A sample's output and loss depend neither on its place nor on its company. */
void check_samples(Harness *h);
/* abreast.c: traces of the ends alone, and side by side, likewise */
void check_traces(Harness *h);

#endif
