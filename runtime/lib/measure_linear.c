/* SPDX-License-Identifier: Apache-2.0
 *
 * Quantities that the network's derivatives give: spectra, responses, expansions, complexity.
 */
#include "lib/jacobian.h"
#include "lib/linear.h"
#include "lib/measure_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *rt_linear_missing(const RtProber *p, const RnMeasure *measure)
{
    const RnProgram *program = p->session.program;
    int32_t region = rt_measure_block(program, measure);
    RtPhi phi;
    if (!p->session.code->stretch)
        return "the network has no code for it";
    if (measure->kind == RN_QUANTITY_GEOMETRIC_COMPLEXITY)
        return NULL;
    if (region < 0)
        return "there is no such block";
    if (measure->kind == RN_QUANTITY_JACOBIAN_SPECTRUM &&
        program->regions[region].in_rows > RT_SPECTRUM_WIDTH)
        return "above a width of 256 the extremes alone are measured: jacobian_min, jacobian_max";
    if (measure->kind == RN_QUANTITY_RESPONSE && !rt_phi_of(program, region, &phi))
        return "the block's activation is not known";
    if (measure->kind == RN_QUANTITY_RESPONSE && !measure->choice && p->batch < 2)
        return "a pair wants a batch of 2 or more";
    return NULL;
}

/* Spectra of a draw are kept: three quantities read them. */
static const double *spectra_of(RtProber *p, int32_t region, RtError *error)
{
    int64_t width = rt_jacobian_values(p->session.program->regions[region].in_rows);
    if (p->spectra && p->spectra_region == region)
        return p->spectra;
    rt_forget_spectra(p);
    p->spectra = calloc((size_t)p->batch * (size_t)width, sizeof *p->spectra);
    p->spectra_region = region;
    if (!p->spectra)
        rt_fail(error, RT_FAILED, "out of memory for singular values");
    else if (!rt_jacobian(&p->session, region, p->buffers.x.data, p->batch, p->spectra, error))
        rt_forget_spectra(p);
    return p->spectra;
}

void rt_forget_spectra(RtProber *p)
{
    free(p->spectra);
    p->spectra = NULL;
}

void rt_put_log2(RtValues *values, int64_t place, double log2_value)
{
    double whole = isfinite(log2_value) ? floor(log2_value) : 0;
    values->value[place] = exp2(log2_value - whole);
    values->exponent[place] = (int64_t)whole;
}

/* The least over samples, the greatest, or all in descending order for each sample. */
static bool spectrum_values(RtProber *p, const RnMeasure *measure, RtValues *values, RtError *error)
{
    int32_t region = rt_measure_block(p->session.program, measure);
    int64_t width = rt_jacobian_values(p->session.program->regions[region].in_rows);
    const double *spectra = spectra_of(p, region, error);
    if (!spectra)
        return false;
    if (measure->kind == RN_QUANTITY_JACOBIAN_SPECTRUM) {
        for (int64_t i = 0; i < p->batch * width; i++)
            rt_put_log2(values, i, spectra[i]);
        return true;
    }
    bool least = measure->kind == RN_QUANTITY_JACOBIAN_MIN;
    double extreme = spectra[least ? width - 1 : 0];
    for (int64_t s = 1; s < p->batch; s++) {
        double value = spectra[s * width + (least ? width - 1 : 0)];
        bool further = least ? value < extreme : value > extreme;
        extreme = further || isnan(value) ? value : extreme;
    }
    rt_put_log2(values, 0, extreme);
    return true;
}

bool rt_linear_values(RtProber *p, const RnMeasure *measure, RtValues *values, RtError *error)
{
    int32_t region = rt_measure_block(p->session.program, measure);
    const void *x = p->buffers.x.data;
    RtPhi phi;
    switch (measure->kind) {
    case RN_QUANTITY_RESPONSE:
        rt_phi_of(p->session.program, region, &phi);
        return rt_response(&p->session, region, phi, measure->choice, x, p->batch, values->value,
                           &values->samples, error);
    case RN_QUANTITY_EXPANSION:
        return rt_expansion(&p->session, region, measure->choice, x, p->batch, values->value,
                            error);
    case RN_QUANTITY_GEOMETRIC_COMPLEXITY:
        return rt_complexity(&p->session, x, p->batch, p->session.repeat, values->value, error);
    default:
        return spectrum_values(p, measure, values, error);
    }
}
