/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixed parts of the header of an object to embed: `@` stands for the model's name, `$` for the
 * same in capitals, `~` for float or double.
 */
#ifndef RNET_DRIVER_HEADER_TEXT_H
#define RNET_DRIVER_HEADER_TEXT_H

#include "core/vocabulary.h"

extern const char header_begin[], header_config[], header_purpose[];
extern const char header_status[], header_labels[], header_numbers[], header_end[];

/* Functions, in the order of the header; the last has no text. */
typedef struct HeaderPart {
    RnEmbedWhen when;
    int target_follows; /* what a target is, in objects that train */
    const char *text;
} HeaderPart;
extern const HeaderPart header_parts[];

#endif
