/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics as text for people and as JSON lines for programs. The only place that does so.
 */
#ifndef RNET_SUPPORT_DIAG_RENDER_H
#define RNET_SUPPORT_DIAG_RENDER_H

#include "support/diag.h"
#include "support/str.h"

typedef struct DiagStyle {
    const char *path; /* named where there is no source; NULL names the program alone */
    bool colour;
} DiagStyle;

/* All diagnostics of the sink, in the order of their reports:
 *
 *   net.rnet:14:9: error: the branch is 128 wide, but its input has width 64 [E0301]
 *     14 |     dense(128)
 *        |     ^^^^^^^^^^
 *     12 |   residual depth L {
 *        |   -------- the branch must keep the width of its input
 *     help: write `dense(64)`
 *
 * `source` may be NULL when no diagnostic has a place. */
void diag_render_text(Text *out, const Source *source, const DiagSink *sink, DiagStyle style);

/* One JSON object a line. */
void diag_render_json(Text *out, const Source *source, const DiagSink *sink, DiagStyle style);

#endif
