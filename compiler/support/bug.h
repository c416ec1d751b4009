/* SPDX-License-Identifier: Apache-2.0
 *
 * Mistakes of the compiler itself: BUG("plan", "buffer %u has no size", n) says where, how to
 * report it, and ends with exit status 70. Never for what a user wrote.
 */
#ifndef RNET_SUPPORT_BUG_H
#define RNET_SUPPORT_BUG_H

enum { EXIT_BUG = 70 };

#define BUG(stage, ...) bug_report(__FILE__, __LINE__, (stage), __VA_ARGS__)

_Noreturn void bug_report(const char *file, int line, const char *stage, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The machine refused memory: a message and exit status 70. */
_Noreturn void bug_out_of_memory(void);

#endif
