/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer of JSON: it minds commas, lines and quotes.
 */
#include "driver/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put(Json *json, const char *text)
{
    text_append(&json->text, "%s", text);
}

static void put_quoted(Json *json, const char *text)
{
    put(json, "\"");
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text_append(&json->text, "\\%c", *p);
        } else if (*p < ' ') {
            text_append(&json->text, "\\u%04x", *p);
        } else {
            text_append_bytes(&json->text, (const char *)p, 1);
        }
    }
    put(json, "\"");
}

static void new_line(Json *json)
{
    text_append(&json->text, "\n%*s", 2 * json->level, "");
}

/* What stands before a value: comma, line, key. */
static void lead(Json *json, const char *key)
{
    if (json->began) {
        put(json, json->flat ? ", " : ",");
    }
    if (json->level > 0 && !json->flat) {
        new_line(json);
    }
    if (key != NULL) {
        put_quoted(json, key);
        put(json, ": ");
    }
    json->began = true;
}

static void open_bracket(Json *json, const char *key, const char *bracket)
{
    lead(json, key);
    put(json, bracket);
    json->level++;
    json->began = false;
}

static void close_bracket(Json *json, const char *bracket)
{
    json->level--;
    if (json->began && !json->flat) {
        new_line(json);
    }
    put(json, bracket);
    json->began = true;
}

void json_begin(Json *json, const char *key)
{
    open_bracket(json, key, "{");
}

void json_end(Json *json)
{
    close_bracket(json, "}");
}

void json_begin_list(Json *json, const char *key)
{
    open_bracket(json, key, "[");
}

void json_end_list(Json *json)
{
    close_bracket(json, "]");
}

void json_begin_row(Json *json, const char *key)
{
    open_bracket(json, key, "[");
    json->flat = true;
}

void json_end_row(Json *json)
{
    close_bracket(json, "]");
    json->flat = false;
}

void json_text(Json *json, const char *key, const char *value)
{
    lead(json, key);
    if (value != NULL) {
        put_quoted(json, value);
    } else {
        put(json, "null");
    }
}

/* The fewest digits that give the number back. */
static const char *digits_of(Arena *arena, double value)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return str_format(arena, "%s", text);
}

void json_number(Json *json, const char *key, double value)
{
    lead(json, key);
    put(json, isfinite(value) ? digits_of(json->text.arena, value) : "null");
}

void json_integer(Json *json, const char *key, int64_t value)
{
    lead(json, key);
    text_append(&json->text, "%lld", (long long)value);
}

void json_bool(Json *json, const char *key, bool value)
{
    lead(json, key);
    put(json, value ? "true" : "false");
}

void json_null(Json *json, const char *key)
{
    json_text(json, key, NULL);
}
