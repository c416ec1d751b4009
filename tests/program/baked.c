/* SPDX-License-Identifier: Apache-2.0
 *
 * A host of files.rnet's object with weights in it: baked FILE OUT (baked.sh).
 */
#include "files.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

static void *take(size_t size)
{
    require(size > 0, "a size of 0");
    size = (size + FILES_ALIGN - 1) / FILES_ALIGN * FILES_ALIGN;
    return memset(aligned_alloc(FILES_ALIGN, size), 0, size);
}

#ifndef WITHOUT_LOAD
/* What is in the object is what it would load, tables and all. */
static void compare(const char *path, void *workspace)
{
    static unsigned char bytes[1 << 16];
    FILE *in = fopen(path, "rb");
    require(in != NULL, path);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    size_t params_size = files_params_size(NULL);
    void *params = take(params_size);
    int status = files_load(NULL, params, NULL, bytes, size, workspace);
    require(status == FILES_OK, files_error(status));
    require(memcmp(params, files_weights(), params_size) == 0, "loaded and baked params differ");
    free(params);
}
#endif

int main(int argc, char **argv)
{
    static const float x[FILES_INPUTS] = {0.5f, -1.25f, 2};
    float y;
    files_config config = FILES_CONFIG_DEFAULT;
    require(argc == 3, "baked FILE OUT");
    require((uintptr_t)files_weights() % FILES_ALIGN == 0, "misaligned");
    size_t forward = files_workspace_size(NULL, 1, FILES_FORWARD, 1);
    size_t load = files_workspace_size(NULL, 1, FILES_LOAD, 1);
    void *workspace = take(forward > load ? forward : load);
#ifndef WITHOUT_LOAD
    compare(argv[1], workspace);
#endif
    int status = files_forward(NULL, files_weights(), x, &y, 1, workspace, NULL);
    require(status == FILES_OK, files_error(status));
    config.lr0 = 1; /* decides no shape */
    require(files_params_size(&config) == files_params_size(NULL), "another rate, another size");
    config.L
    ++;
    require(files_params_size(&config) == 0, "a depth that the weights do not have");
    FILE *out = fopen(argv[2], "wb");
    require(out && fwrite(&y, sizeof y, 1, out) == 1 && fclose(out) == 0, argv[2]);
    free(workspace);
    return 0;
}
