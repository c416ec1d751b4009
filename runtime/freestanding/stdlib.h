/* SPDX-License-Identifier: Apache-2.0
 *
 * What bitcode calls of the rest of libc; see math.h beside this file.
 */
#ifndef RNET_FREESTANDING_STDLIB_H
#define RNET_FREESTANDING_STDLIB_H

char *getenv(const char *name);

#endif
