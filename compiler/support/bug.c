/* SPDX-License-Identifier: Apache-2.0
 *
 * The two ways in which the compiler gives up on itself.
 */
#include "support/bug.h"

#include "support/version.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void bug_report(const char *file, int line, const char *stage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "rnetc: internal compiler error in %s: ", stage);
    vfprintf(stderr, format, args);
    fprintf(stderr,
            "\n  at %s:%d, rnetc %s\n"
            "  this is a bug in rnetc, not in your file: please report it with the .rnet file,\n"
            "  the command line and the text above\n",
            file, line, RNET_VERSION);
    va_end(args);
    exit(EXIT_BUG);
}

void bug_out_of_memory(void)
{
    fflush(stdout);
    fputs("rnetc: error: out of memory\n", stderr);
    exit(EXIT_BUG);
}
