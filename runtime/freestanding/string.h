/* SPDX-License-Identifier: Apache-2.0
 *
 * What bitcode calls of libc's functions on bytes and strings; see math.h beside this file.
 */
#ifndef RNET_FREESTANDING_STRING_H
#define RNET_FREESTANDING_STRING_H

#include <stddef.h>

int memcmp(const void *a, const void *b, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
char *strchr(const char *text, int byte);
int strcmp(const char *a, const char *b);
size_t strlen(const char *text);
int strncmp(const char *a, const char *b, size_t size);

#endif
