/* SPDX-License-Identifier: Apache-2.0
 *
 * Data sets in memory, and where their files are looked for. Readers (idx, csv, npy, cifar,
 * synthetic) fill tables; nobody else knows their formats.
 */
#ifndef RNET_LIB_DATA_H
#define RNET_LIB_DATA_H

#include "core/program.h"
#include "lib/error.h"
#include "lib/file.h"

/* Samples of one kind. Inputs are bytes, which stand for byte/255, or reals; targets are labels,
 * reals, or absent. */
typedef struct RtTable {
    int64_t count, features;
    const uint8_t *bytes; /* row i starts at i * stride; or NULL */
    int64_t stride;
    void *values;    /* reals [count][features]; NaN stands for a missing value */
    int32_t *labels; /* [count] or NULL */
    void *targets;   /* reals [count][outputs] or NULL */
    int64_t outputs;
    RtFile file;              /* owns `bytes` */
    char source[512];         /* the file, for messages */
    char targets_source[512]; /* the file of labels or targets, where it is another one */
} RtTable;

typedef struct RtData {
    RtTable train, test; /* test.count is 0 where the data have no test set of their own */
} RtData;

/* What the network wants of its data. */
typedef struct RtRequest {
    const RnProgram *program;
    const double *config;
    const RnData *data;
    const char *folder; /* --data, or NULL */
    int64_t features, outputs;
    bool classes; /* labels 0 … outputs - 1; else reals, [outputs] a sample */
    uint64_t seed;
} RtRequest;

bool rt_data_load(const RtRequest *request, RtData *data, RtError *error);
void rt_data_free(RtData *data);
void rt_table_free(RtTable *table);
const char *rt_data_name(int32_t kind);

/* Where files may lie, in order: --data, $RNET_DATA, the folder of the source, the system's.
 * `kind_folder` ("mnist") is tried inside each, before the folder itself. Up to 12. */
enum { RT_PLACES = 12 };
typedef struct RtPlaces {
    char path[RT_PLACES][512];
    int count;
} RtPlaces;
void rt_places(const RtRequest *request, const char *kind_folder, RtPlaces *places);
/* The first existing file; an absolute name stands for itself. */
bool rt_data_find(const RtPlaces *places, const char *name, char path[1024]);
/* The error of a miss: the name and every place. */
bool rt_data_missing(const RtPlaces *places, const char *name, const char *advice, RtError *error);

/* Readers. All leave nothing to free when they fail. */
bool rt_idx_images(const char *path, RtTable *table, RtError *error);
bool rt_idx_labels(const char *path, RtTable *table, RtError *error);
bool rt_cifar_load(const RtRequest *request, RtData *data, RtError *error);
bool rt_cifar_file(const char *path, RtTable *table, RtError *error);
bool rt_synthetic_load(const RtRequest *request, RtData *data, RtError *error);
/* Inputs of `uniform` and `gaussian`: count rows of reals. */
bool rt_synthetic_inputs(const RtRequest *request, uint64_t repeat, int64_t count, void *x,
                         RtError *error);

#endif
