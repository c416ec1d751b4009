/* SPDX-License-Identifier: Apache-2.0
 *
 * What an object says of itself and of its errors.
 */
#include "embed/embed.h"

const char *rne_error(int status)
{
    switch (status) {
#define X(tag, text)                                                                               \
    case RN_EMBED_##tag:                                                                           \
        return text;
        RN_STATUSES(X)
#undef X
    default:
        return "unknown status";
    }
}

const char *rne_version(void)
{
    return rnet_embed_version;
}

const char *rne_isa(void)
{
    const RnCode *code = rne_code();
    return code ? code->isa : NULL;
}
