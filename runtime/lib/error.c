/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling an RtError.
 */
#include "lib/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a file or an argument, shown in a message, must not steer the terminal. */
static void disarm(char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\n' && *text != '\t') || *text == '\177')
            *text = '?';
}

bool rt_fail(RtError *error, int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(error->text, sizeof error->text, format, list);
    va_end(list);
    disarm(error->text);
    error->status = status;
    return false;
}

bool rt_fail_errno(RtError *error, int status, const char *format, ...)
{
    int number = errno;
    va_list list;
    va_start(list, format);
    vsnprintf(error->text, sizeof error->text, format, list);
    va_end(list);
    disarm(error->text);
    size_t used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, ": %s", strerror(number));
    error->status = status;
    return false;
}
