/* SPDX-License-Identifier: Apache-2.0
 *
 * The first values: what can be said about them without knowing the random numbers.
 */
#include "harness.h"

#include <string.h>

static double unit(const Harness *h)
{
    return h->product.program->real_size == 4 ? 0x1p-24 : 0x1p-53;
}

static double rounded(const Harness *h, double value)
{
    return h->product.program->real_size == 4 ? (double)(float)value : value;
}

/* The formula in double, rounded once, in every entry. */
static void check_formula(Harness *h, int tensor, const OracleTensor *t)
{
    for (long layer = 0; layer < t->layers; layer++) {
        double wanted = rounded(h, oracle_formula(h->oracle, tensor, layer));
        for (long i = 0; i < t->size; i++) {
            compare_require(&h->comparison, h->values[tensor][layer * t->size + i] == wanted,
                            "not its formula's value", t->name);
        }
    }
}

/* The mean of n squares of unit variance: beyond 1 + 2√(x/n) + 2x/n or below 1 − 2√(x/n) with a
 * probability of at most e^-x each, for normals (Laurent and Massart, 2000) and so for what has
 * lighter tails. x = 12.5 is what five standard errors are for large n. */
static void check_spread(Harness *h, int tensor, const OracleTensor *t)
{
    const double x = 12.5;
    double square = 0, n = (double)(t->correlated ? t->size : t->size * t->layers);
    for (long i = 0; i < t->layers * t->size; i++) {
        double z = h->values[tensor][i] / oracle_deviation(h->oracle, tensor, i / t->size);
        square += z * z / (double)(t->layers * t->size);
    }
    compare_require(&h->comparison,
                    square <= 1 + 2 * sqrt(x / n) + 2 * x / n && square >= 1 - 2 * sqrt(x / n),
                    "not its law's spread", t->name);
}

/* Rows, or columns where there are fewer of them, have length `gain` and right angles. The products
 * lose two roundings of the entries; the factorisation in double loses m n^1.5 units or so. */
static void check_orthogonal(Harness *h, const OracleTensor *t, const double *q, double gain)
{
    long out = t->dims[0], in = t->size / out;
    long count = out < in ? out : in, length = out < in ? in : out;
    long step = out < in ? in : 1, along = out < in ? 1 : in;
    double u = unit(h), n = (double)count;
    double bound = 2 * u + u * u + 8 * (double)length * n * sqrt(n) * 0x1p-53;
    for (long a = 0; a < count; a++) {
        for (long b = 0; b <= a; b++) {
            double sum = a == b ? -gain * gain : 0;
            for (long k = 0; k < length; k++) {
                sum += q[a * step + k * along] * q[b * step + k * along];
            }
            compare_require(&h->comparison, fabs(sum) <= bound * gain * gain, "not orthogonal",
                            t->name);
        }
    }
}

static void check_unit_rows(Harness *h, const OracleTensor *t, const double *v)
{
    long length = t->dims[1];
    double bound = 2 * unit(h) + unit(h) * unit(h) + 4 * (double)length * 0x1p-53;
    for (long row = 0; row < t->dims[0]; row++) {
        double sum = -1;
        for (long i = 0; i < length; i++) {
            sum += v[row * length + i] * v[row * length + i];
        }
        compare_require(&h->comparison, fabs(sum) <= bound, "not of unit length", t->name);
    }
}

static void check_permutation(Harness *h, const OracleTensor *t, const double *index)
{
    long hits = 0;
    for (long wanted = 0; wanted < t->size; wanted++) {
        for (long i = 0; i < t->size; i++) {
            hits += index[i] == (double)wanted;
        }
    }
    compare_require(&h->comparison, hits == t->size, "not a permutation", t->name);
}

static void check_signs(Harness *h, const OracleTensor *t, const double *signs)
{
    for (long i = 0; i < t->size; i++) {
        compare_require(&h->comparison, fabs(signs[i]) == 1, "not signs", t->name);
    }
}

static void check_layer(Harness *h, int tensor, const OracleTensor *t, long layer)
{
    const double *values = h->values[tensor] + layer * t->size;
    if (strcmp(t->law, "orthogonal") == 0) {
        check_orthogonal(h, t, values, oracle_formula(h->oracle, tensor, layer));
    } else if (strcmp(t->law, "haar") == 0) {
        check_orthogonal(h, t, values, 1);
    } else if (strcmp(t->law, "householder") == 0) {
        check_unit_rows(h, t, values);
    } else if (strcmp(t->law, "permutation") == 0) {
        check_permutation(h, t, values);
    } else if (strcmp(t->law, "signs") == 0) {
        check_signs(h, t, values);
    }
}

static bool is_fixed(const OracleTensor *t)
{
    return strcmp(t->law, "formula") == 0 || strcmp(t->law, "constant") == 0 ||
           strcmp(t->law, "zeros") == 0;
}

static void check_tensor(Harness *h, int tensor)
{
    OracleTensor t = oracle_tensor(h->oracle, tensor);
    if (is_fixed(&t)) {
        check_formula(h, tensor, &t);
    } else if (oracle_deviation(h->oracle, tensor, 0) > 0) {
        check_spread(h, tensor, &t);
    }
    for (long layer = 0; layer < t.layers; layer++) {
        check_layer(h, tensor, &t, layer);
    }
}

/* Biases of zero and gains of one would hide mistakes: all fixed starts but alphas and what follows
 * from formulas move by up to a quarter. */
static void unsettle(Harness *h, int tensor)
{
    OracleTensor t = oracle_tensor(h->oracle, tensor);
    bool moved =
        strcmp(t.role, "bias") == 0 || strcmp(t.role, "gain") == 0 || strcmp(t.role, "buffer") == 0;
    if (!moved || !is_fixed(&t)) {
        return;
    }
    for (long i = 0; i < t.layers * t.size; i++) {
        h->values[tensor][i] += 0.25 * sin((double)(7 * i + 3 * tensor + 1));
    }
    product_write(&h->product, tensor, h->values[tensor]);
}

/* Two sums, as the program takes them: exact products, added in ascending order. */
static void check_sums(Harness *h, long in)
{
    double bound = (double)h->batch * 0x1p-52;
    for (long i = 0; i < in; i++) {
        double sum = 0, squares = 0, size = 0;
        for (long s = 0; s < h->batch; s++) {
            double x = h->x[s * in + i];
            sum += x;
            squares += x * x;
            size += fabs(x);
        }
        compare_require(&h->comparison,
                        fabs(h->product.fit[i] - sum) <= bound * size &&
                            fabs(h->product.fit[in + i] - squares) <= bound * squares,
                        "sums of standardize", "input");
    }
}

static void fit_standardize(Harness *h)
{
    int mean, inverse;
    long in = product_input_size(h->product.program);
    if (!oracle_standardize(h->oracle, &mean, &inverse)) {
        return;
    }
    double n = (double)h->batch;
    memset(h->product.fit, 0, 2 * (size_t)in * sizeof *h->product.fit);
    product_run(&h->product, RN_FIT | RN_FORWARD, 0);
    check_sums(h, in);
    for (long i = 0; i < in; i++) {
        double centre = h->product.fit[i] / n;
        double variance = h->product.fit[in + i] / n - centre * centre;
        h->values[mean][i] = centre;
        h->values[inverse][i] = variance > n * 0x1p-52 ? 1 / sqrt(variance) : 0;
    }
    product_write(&h->product, mean, h->values[mean]);
    product_write(&h->product, inverse, h->values[inverse]);
}

void start_network(Harness *h)
{
    product_init(&h->product, h->seed);
    for (int t = 0; t < h->tensor_count; t++) {
        product_read(&h->product, h->product.params, t, h->values[t]);
        check_tensor(h, t);
        unsettle(h, t);
    }
    make_batch(h, 0);
    fit_standardize(h);
}

void synchronise(Harness *h)
{
    for (int t = 0; t < h->tensor_count; t++) {
        product_read(&h->product, h->product.params, t, h->values[t]);
        oracle_set_tensor(h->oracle, t, h->values[t]);
    }
}
