/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of what a tensor is and how it is drawn, for reports, dumps and manifests.
 */
#include "support/spec.h"

#define X(tag, name) name,
static const char *const law_names[] = {RN_LAWS(X)};
static const char *const correlation_names[] = {RN_CORRELATIONS(X)};
static const char *const role_names[] = {RN_ROLES(X)};
#undef X

const char *law_name(RnLawKind kind)
{
    return law_names[kind];
}

const char *correlation_name(RnCorrelationKind kind)
{
    return correlation_names[kind];
}

const char *role_name(RnRole role)
{
    return role_names[role];
}
