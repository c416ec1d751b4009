/* SPDX-License-Identifier: Apache-2.0
 *
 * Draws of cells whose rows are not whole yet.
 */
#ifndef RNET_LIB_SWEEP_DRAWS_H
#define RNET_LIB_SWEEP_DRAWS_H

#include "lib/sweep.h"

/* Makes room for the draws of a cell; dropped when its row is written. */
bool rt_draws_open(RtRows *rows, int64_t cell, RtError *error);
void rt_draws_drop(RtRows *rows, int64_t cell);
bool rt_draws_has(const RtRows *rows, int64_t cell, int64_t draw);
/* values[quantity] */
void rt_draws_put(RtRows *rows, int64_t cell, int64_t draw, const double *values);
/* Of one cell, and of all, without those whose rows are written. */
int64_t rt_draws_of(const RtRows *rows, int64_t cell);
int64_t rt_draws_count(const RtRows *rows);
bool rt_draws_write(const RtRows *rows, RtWriter *writer, RtError *error);
bool rt_draws_is_line(const char *text);
/* `parsed` is false for a line that this program does not write. */
bool rt_draws_read(RtRows *rows, const char *text, bool *parsed, RtError *error);

#endif
