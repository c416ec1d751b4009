/* SPDX-License-Identifier: Apache-2.0
 *
 * Singular values of a long product of matrices, over any number of decades.
 *
 * The product so far is kept as U · diag(2^d) · T with U orthogonal and T well conditioned, d
 * descending (Bauer et al. 2002 call it stabilised): a further factor on the left only meets U, so
 * nothing small is ever added to something large. The logarithms d know no overflow.
 */
#ifndef RNET_LIB_GRADED_H
#define RNET_LIB_GRADED_H

#include <stdbool.h>
#include <stdint.h>

typedef struct RtGraded {
    int64_t n;
    double *u;    /* [column][row] */
    double *d;    /* [n] log2; −∞ for a zero */
    double *t;    /* [row][column] */
    double *next; /* [column][row]: the caller's F · U, then the U to come */
    double *r;    /* [row][column], upper triangle */
    int64_t *order;
    double *scratch; /* [n] */
} RtGraded;

/* The identity. False: out of memory. */
bool rt_graded_open(RtGraded *g, int64_t n);
void rt_graded_close(RtGraded *g);
void rt_graded_reset(RtGraded *g);

/* Factors g->next = F · U, F being the new factor; returns the ratio of the largest to the least
 * diagonal entry, which tells how far the columns had run together: infinite where a column is left
 * with rounding alone, which rank and a factor of too many layers both do. Columns of zeros,
 * and those whose product is zero already, are left out; NaN where F · U is not finite. */
double rt_graded_factor(RtGraded *g);
/* Takes the factor in: the product is now F times what it was. */
void rt_graded_accept(RtGraded *g);

/* log2 of all singular values, descending; by one-sided Jacobi rotations. Spoils the product. */
void rt_graded_values(RtGraded *g, double *log2_values);
/* log2 of the greatest and the least, by Lanczos's iteration on the product and on its inverse;
 * false: out of memory. Spoils the product. */
bool rt_graded_extremes(RtGraded *g, double *greatest, double *least);

#endif
