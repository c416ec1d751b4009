/* SPDX-License-Identifier: Apache-2.0
 *
 * Discrete Fourier transforms of power-of-two size: sixteen complex series at a time, one a lane,
 * and one series in double for spectra.
 */
#ifndef RNET_CORE_FFT_H
#define RNET_CORE_FFT_H

#include "kernels/simd.h"

/* turns[2k], turns[2k + 1] = cos, sin of 2πk/n, k < n. */
void rn_fft_turns(real *turns, int64_t n);

/* In place, Σ_j x_j e^{2πi jk/n}; x[2p], x[2p + 1] are the parts of entry p. The input stands in
 * bit-reversed order, the output in natural order. `turns` is that of size n · step. */
void rn_fft(vreal *x, int64_t n, const real *turns, int64_t step);

/* The same in two steps, so that input can be made where it is used, in the cache: rn_fft of each
 * block of rn_fft_block(n) entries with step n / block; then their join. half: it need not make the
 * results from n/2 on. */
int64_t rn_fft_block(int64_t n);
void rn_fft_join(vreal *x, int64_t n, const real *turns, int half);

/* The bit-reversed successor of a bit-reversed count below n. */
static inline int64_t rn_fft_next(int64_t reversed, int64_t n)
{
    int64_t bit = n >> 1;
    for (; reversed & bit; bit >>= 1)
        reversed ^= bit;
    return reversed | bit;
}

/* Spectrum of a real, even series: x[0 … n/2] in, Σ_j x_j cos(2πjk/n) out at 0 … n/2.
 * scratch: 3n doubles. */
void rn_fft_even(double *x, int64_t n, double *scratch);

#endif
