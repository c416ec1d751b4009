/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON into a text: numbers keep all their bits, and what is not finite is null.
 */
#ifndef RNET_DRIVER_JSON_H
#define RNET_DRIVER_JSON_H

#include "support/str.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Json {
    Text text;
    int level;
    bool began; /* something stands in the open object or list */
    bool flat;  /* the open list is written in one line */
} Json;

/* `key` NULL: an element of the list that is open, or the whole. */
void json_begin(Json *json, const char *key);
void json_end(Json *json);
void json_begin_list(Json *json, const char *key);
void json_end_list(Json *json);
/* A list in one line, of plain values. */
void json_begin_row(Json *json, const char *key);
void json_end_row(Json *json);

/* NULL: null. */
void json_text(Json *json, const char *key, const char *value);
void json_number(Json *json, const char *key, double value);
void json_integer(Json *json, const char *key, int64_t value);
void json_bool(Json *json, const char *key, bool value);
void json_null(Json *json, const char *key);

#endif
