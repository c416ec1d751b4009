/* SPDX-License-Identifier: Apache-2.0
 *
 * Params that are part of the object.
 */
#include "embed/embed.h"

const void *rne_weights(void)
{
    return rnet_embed_weights;
}
