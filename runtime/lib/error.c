/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling an RtError.
 */
#include "lib/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool rt_fail(RtError *error, int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(error->text, sizeof error->text, format, list);
    va_end(list);
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
    size_t used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, ": %s", strerror(number));
    error->status = status;
    return false;
}
