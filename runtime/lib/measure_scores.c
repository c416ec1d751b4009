/* SPDX-License-Identifier: Apache-2.0
 *
 * Losses and accuracies of a trained network.
 */
#include "lib/measure_parts.h"

static const RtSet *score_set(const RtProber *p, int32_t kind)
{
    switch (kind) {
    case RN_QUANTITY_LOSS:
    case RN_QUANTITY_TRAIN_LOSS:
    case RN_QUANTITY_TRAIN_ACCURACY:
        return &p->dataset.split.train;
    case RN_QUANTITY_VALIDATION_LOSS:
    case RN_QUANTITY_VALIDATION_ACCURACY:
        return &p->dataset.split.validation;
    default:
        return &p->dataset.split.test;
    }
}

static double pick_score(const RtScore *score, int32_t kind)
{
    switch (kind) {
    case RN_QUANTITY_ACCURACY:
    case RN_QUANTITY_TRAIN_ACCURACY:
    case RN_QUANTITY_VALIDATION_ACCURACY:
    case RN_QUANTITY_TEST_ACCURACY:
        return score->accuracy;
    case RN_QUANTITY_TEST_RMSE:
        return score->rmse;
    case RN_QUANTITY_TEST_R2:
        return score->r2;
    default:
        return score->loss;
    }
}

const char *rt_score_missing(const RtProber *p, int32_t kind)
{
    if (!p->scores || !p->has_dataset)
        return "it wants a trained network: --load FILE";
    return score_set(p, kind)->count ? NULL : "there is no such set of samples";
}

bool rt_score_values(RtProber *p, const RnMeasure *measure, RtValues *values, RtError *error)
{
    RtScore score;
    if (!rt_evaluate(&p->session, &p->buffers, score_set(p, measure->kind),
                     p->session.program->train->loss.kind, &score, error))
        return false;
    values->value[0] = pick_score(&score, measure->kind);
    return true;
}
