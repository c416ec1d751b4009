/* SPDX-License-Identifier: Apache-2.0
 *
 * QR by Householder's reflections, in double. Rows are padded to eight columns, and all heavy loops
 * run along rows, in the same order on every machine.
 */
#include "core/orthogonal.h"

#include "core/random_math.h"
#include "core/round.h"

/* A tall matrix, its reflectors and what they need. */
typedef struct Tall {
    int64_t rows, columns, stride;
    double *a;          /* [rows][stride] */
    double *reflectors; /* [columns][rows]; before, the normals */
    double *sums;       /* [stride] */
    double *signs;      /* [columns] of R's diagonal */
} Tall;

static int64_t drawn_count(int64_t rows, int64_t columns)
{
    return rn_round_up(rows * columns, RN_RANDOM_BLOCK);
}

size_t rn_orthogonal_size(int64_t rows, int64_t columns)
{
    const int64_t longest = (int64_t)1 << 26;
    if (rows < 1 || columns < 1 || rows > longest || columns > longest)
        return 0; /* below it nothing overflows */
    int64_t tall = rows > columns ? rows : columns, thin = rows > columns ? columns : rows;
    int64_t stride = rn_round_up(thin, RN_RANDOM_LANES);
    return (size_t)(tall * stride + drawn_count(rows, columns) + 2 * stride) * sizeof(double);
}

static void add_row(double *sum, const double *row, double factor, int64_t n)
{
    for (int64_t j = 0; j < n; j += RN_RANDOM_LANES) {
        RnDouble8 s, r;
        __builtin_memcpy(&s, sum + j, sizeof s);
        __builtin_memcpy(&r, row + j, sizeof r);
        s = s + r * factor;
        __builtin_memcpy(sum + j, &s, sizeof s);
    }
}

/* a ← (I − v vᵀ) a in columns from `column` on (rounded down to a vector); v is zero above row
 * `top`. */
static void reflect(const Tall *m, const double *v, int64_t top, int64_t column)
{
    int64_t from = column / RN_RANDOM_LANES * RN_RANDOM_LANES, n = m->stride - from;
    for (int64_t j = 0; j < n; j++)
        m->sums[j] = 0;
    for (int64_t r = top; r < m->rows; r++)
        add_row(m->sums, m->a + r * m->stride + from, v[r], n);
    for (int64_t r = top; r < m->rows; r++)
        add_row(m->a + r * m->stride + from, m->sums, -v[r], n);
}

/* The reflector that clears column k below the diagonal, scaled so that I − v vᵀ is it. */
static void make_reflector(const Tall *m, int64_t k)
{
    double *v = m->reflectors + k * m->rows, square = 0;
    for (int64_t r = k; r < m->rows; r++) {
        v[r] = m->a[r * m->stride + k];
        square += v[r] * v[r];
    }
    double norm = __builtin_sqrt(square), head = v[k];
    m->signs[k] = head > 0 ? -1 : 1;
    v[k] = head - m->signs[k] * norm;
    double half = norm * (norm + __builtin_fabs(head)); /* |v|² / 2 */
    double scale = half > 0 ? 1 / __builtin_sqrt(half) : 0;
    for (int64_t r = k; r < m->rows; r++)
        v[r] *= scale;
}

static void decompose(const Tall *m)
{
    for (int64_t k = 0; k < m->columns; k++) {
        make_reflector(m, k);
        if (k + 1 < m->columns)
            reflect(m, m->reflectors + k * m->rows, k, k + 1);
    }
    for (int64_t i = 0; i < m->rows * m->stride; i++)
        m->a[i] = 0;
    for (int64_t k = m->columns - 1; k >= 0; k--) {
        m->a[k * m->stride + k] = 1;
        reflect(m, m->reflectors + k * m->rows, k, k);
    }
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t k = 0; k < m->columns; k++)
            m->a[r * m->stride + k] *= m->signs[k];
}

const double *rn_orthogonal_draw(uint64_t stream, uint64_t high, const int64_t shape[2],
                                 double *scratch, int64_t step[2])
{
    int wide = shape[0] < shape[1];
    Tall m = {.rows = shape[wide], .columns = shape[!wide]};
    m.stride = rn_round_up(m.columns, RN_RANDOM_LANES);
    int64_t drawn = drawn_count(m.rows, m.columns);
    m.a = scratch;
    m.reflectors = m.a + m.rows * m.stride;
    m.sums = m.reflectors + drawn;
    m.signs = m.sums + m.stride;
    rn_normals(stream, high, 0, (uint64_t)(drawn / RN_RANDOM_BLOCK), m.reflectors);
    step[wide] = m.stride;
    step[!wide] = 1;
    for (int64_t i = 0; i < m.rows * m.stride; i++)
        m.a[i] = 0;
    const double *normal = m.reflectors;
    for (int64_t i = 0; i < shape[0]; i++)
        for (int64_t j = 0; j < shape[1]; j++)
            m.a[i * step[0] + j * step[1]] = *normal++;
    decompose(&m);
    return m.a;
}
