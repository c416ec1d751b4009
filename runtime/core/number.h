/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as text and back, exactly, without the C library: checkpoints are written and read by
 * objects that may call next to nothing, and in hosts that have chosen another locale.
 */
#ifndef RNET_CORE_NUMBER_H
#define RNET_CORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RN_NUMBER_TEXT = 32 }; /* bytes of the longest text and its end */

/* Each ends its text with a zero and returns its length. */
size_t rn_write_count(uint64_t count, char text[RN_NUMBER_TEXT]);
/* With 17 digits, which tell any two doubles apart, as printf's %.17g does. */
size_t rn_write_decimal(double value, char text[RN_NUMBER_TEXT]);
/* Hexadecimal, as printf's %a does. */
size_t rn_write_hexadecimal(double value, char text[RN_NUMBER_TEXT]);

/* False where the text is anything but digits, or too large a number. */
bool rn_read_count(const char *text, uint64_t *count);
/* A decimal or hexadecimal number or an infinity, as strtod reads it: rounded once, to the nearest,
 * ties to even. False where the text is anything else. */
bool rn_read_real(const char *text, double *value);

#endif
