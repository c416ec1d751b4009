/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints as a stranger reads them: a safetensors file in memory, its tensors by name.
 */
#ifndef RNET_TESTS_PAPERS_TENSORS_H
#define RNET_TESTS_PAPERS_TENSORS_H

#include <cjson/cJSON.h>
#include <stddef.h>

typedef struct Tensors {
    char *bytes; /* the whole file */
    size_t size;
    char *data;    /* behind the header */
    cJSON *header; /* each child is a tensor, apart from __metadata__ */
} Tensors;

typedef struct Tensor {
    void *values; /* in the file's bytes: what is written there is written by tensors_write */
    int count, item;
} Tensor;

Tensors tensors_read(const char *path);
void tensors_write(const Tensors *file, const char *path);
void tensors_free(Tensors *file);

/* Of a child of the header, or of a name that must be there. */
Tensor tensor_of(const Tensors *file, const cJSON *entry);
Tensor tensor_named(const Tensors *file, const char *name);

#endif
