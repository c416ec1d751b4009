/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of a measurement share: each family of quantities fills a table of values of one
 * draw, and measure.c takes the function around the quantity and the means.
 */
#ifndef RNET_LIB_MEASURE_PARTS_H
#define RNET_LIB_MEASURE_PARTS_H

#include "lib/measure.h"

/* Of one draw: a row for each sample, or one row where the quantity is not a sample's. */
typedef struct RtValues {
    int64_t samples, width;
    double *value;     /* [samples][width] */
    int64_t *exponent; /* [samples][width]: times a power of two, for what a double cannot hold */
} RtValues;

/* Puts 2^log2, as a number and a power of two beside it. */
void rt_put_log2(RtValues *values, int64_t place, double log2_value);

/* Draws the weights and the samples of draw number `draw`. */
bool rt_draw(RtProber *prober, uint64_t draw, RtError *error);

/* Norms of states and gradients come from a traced pass of a block.
 * RnWhat of the pass: the ends of the block are enough but for the table of layers. */
int32_t rt_trace_what(const RtProber *prober);
/* The pass, of the samples and into the trace of the prober. */
RnCall rt_trace_call(const RtProber *prober, int32_t region);
/* Runs such a pass, of these samples or of several networks', the same for each. Samples that leave
 * their reals are traced again with powers beside states, then with a look behind every layer. */
bool rt_trace_run(RtProber *prober, RnCall call, RtError *error);
bool rt_trace(RtProber *prober, RtProfile *profile, RtError *error);
void rt_trace_values(const RtProber *prober, const RnMeasure *measure, RtValues *values);
/* Why a sample's value is not a number. */
const char *rt_trace_lost(const RtProber *prober, const RnMeasure *measure, int64_t sample);

/* Losses and accuracies; NULL where the set of samples is there. */
const char *rt_score_missing(const RtProber *prober, int32_t kind);
bool rt_score_values(RtProber *prober, const RnMeasure *measure, RtValues *values, RtError *error);

/* Weights along depth. */
const char *rt_depth_missing(const RtProber *prober, const RnMeasure *measure);
bool rt_depth_values(RtProber *prober, const RnMeasure *measure, RtValues *values, RtError *error);

/* What derivatives give. */
const char *rt_linear_missing(const RtProber *prober, const RnMeasure *measure);
bool rt_linear_values(RtProber *prober, const RnMeasure *measure, RtValues *values, RtError *error);
/* The coordinate check. Its steps train on batches of this size. */
enum { RT_COORDINATE_STEPS = 5 };
const char *rt_coordinates_missing(const RtProber *prober);
bool rt_coordinates_batch(const RtProber *prober, int64_t *batch, RtError *error);
bool rt_coordinates_values(RtProber *prober, RtValues *values, RtError *error);
/* Before another draw. */
void rt_forget_spectra(RtProber *prober);

#endif
