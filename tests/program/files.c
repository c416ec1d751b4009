/* SPDX-License-Identifier: Apache-2.0
 *
 * A host of files.rnet's object: files load FILE, files train FILE STEPS OUT, … (files.sh).
 */
#include "files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8 };
static const float row[FILES_INPUTS] = {0.5f, -1.25f, 2};

typedef struct Bytes {
    unsigned char *data;
    size_t size;
} Bytes;

/* A network with all its memory. */
typedef struct Network {
    files_config config;
    void *params, *state, *workspace;
    float x[BATCH][FILES_INPUTS], y[BATCH];
} Network;

static void require(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

static Bytes read_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    require(in != NULL, path);
    Bytes file = {malloc(1 << 20), 0};
    file.size = fread(file.data, 1, 1 << 20, in);
    fclose(in);
    return file;
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *out = fopen(path, "wb");
    require(out && fwrite(data, 1, size, out) == size && fclose(out) == 0, path);
}

static void *take(size_t size)
{
    require(size > 0, "a size of 0");
    void *memory = aligned_alloc(FILES_ALIGN, (size + FILES_ALIGN - 1) / FILES_ALIGN * FILES_ALIGN);
    memset(memory, 0x55, size); /* nothing may depend on what was there */
    return memory;
}

static Network make(files_config config)
{
    Network n = {.config = config};
    size_t most = 0;
    for (int what = FILES_INIT; what <= FILES_LOAD; what++) {
        size_t size = files_workspace_size(&config, BATCH, what, 1);
        most = size > most ? size : most;
    }
    n.params = take(files_params_size(&config));
    n.state = take(files_state_size(&config));
    n.workspace = take(most);
    for (int i = 0; i < BATCH; i++) {
        memcpy(n.x[i], row, sizeof row);
        n.y[i] = 0.75f;
    }
    return n;
}

static void clear(Network *n)
{
    free(n->params);
    free(n->state);
    free(n->workspace);
}

static Network load(const char *path)
{
    Bytes file = read_file(path);
    files_config config;
    int status = files_load_config(&config, file.data, file.size);
    require(status == FILES_OK, files_error(status));
    Network n = make(config);
    status = files_load(&config, n.params, n.state, file.data, file.size, n.workspace);
    require(status == FILES_OK, files_error(status));
    free(file.data);
    return n;
}

static void save(const Network *n, int with_state, const char *path)
{
    size_t size = files_save_size(&n->config, with_state);
    void *file = take(size);
    const void *state = with_state ? n->state : NULL;
    require(files_save(&n->config, n->params, state, file, size - 1) == FILES_TOO_SMALL, "room");
    int status = files_save(&n->config, n->params, state, file, size);
    require(status == FILES_OK, files_error(status));
    write_file(path, file, size);
    free(file);
}

static void step(Network *n, int count)
{
    for (int i = 0; i < count; i++) {
        double loss;
        int status = files_step(&n->config, n->params, n->state, n->x[0], n->y, BATCH, 0,
                                n->workspace, NULL, &loss);
        require(status == FILES_OK, files_error(status));
    }
}

static void predict(Network *n, const char *path)
{
    float y;
    int status = files_forward(&n->config, n->params, n->x[0], &y, 1, n->workspace, NULL);
    require(status == FILES_OK, files_error(status));
    write_file(path, &y, sizeof y);
}

/* Tensors one by one out of one network and into another; all of them to a file, in order. */
static void exchange(Network *n, char **names, const char *path, const char *prediction)
{
    float values[4096];
    size_t count, used = 0;
    Network other = make(n->config);
    require(files_init(&n->config, other.params, NULL, 99, n->workspace, NULL) == 0, "init");
    for (; *names; names++, used += count) {
        for (count = 1;
             files_export(&n->config, n->params, *names, values + used, count) == FILES_TOO_SMALL;)
            count++;
        require(files_export(&n->config, n->params, *names, values + used, count) == 0, *names);
        require(files_import(&n->config, other.params, *names, values + used, count) == 0, *names);
        require(files_import(&n->config, other.params, *names, values, count + 1) ==
                    FILES_BAD_ARGUMENT,
                "more numbers than the tensor has");
    }
    require(files_export(&n->config, n->params, "nosuch", values, 1) == FILES_BAD_ARGUMENT, "name");
    write_file(path, values, used * sizeof *values);
    predict(&other, prediction);
    clear(&other);
}

/* Damaged files: each has a status, and one that is refused changes nothing. */
static void damage(Network *n, Bytes file, int turns)
{
    static const char marks[] = "{}[]\",:0189-\\u.e";
    size_t size = files_params_size(&n->config), header = (size_t)file.data[0] + file.data[1] * 256;
    unsigned long long random = 1;
    int refused = 0;
    void *before = take(size);
    for (int turn = 0; turn < turns; turn++) {
        size_t length = turn % 7 == 0 ? (size_t)turn % file.size : file.size;
        unsigned char *bytes = malloc(length ? length : 1);
        files_config config = n->config;
        memcpy(bytes, file.data, length);
        for (int k = 0; k <= turn % 3 && length > 0; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t at = (size_t)(random >> 33) % (turn % 9 ? header + 8 : file.size) % length;
            bytes[at] = turn % 2 ? (unsigned char)(random >> 25)
                                 : (unsigned char)marks[(random >> 20) % (sizeof marks - 1)];
        }
        memcpy(before, n->params, size);
        int with_state = turn % 5 != 0;
        int first = files_load_config(&config, bytes, length);
        int status = files_load(&n->config, n->params, with_state ? n->state : NULL, bytes, length,
                                n->workspace);
        require(status == FILES_OK || status == FILES_BAD_FILE || status == FILES_WRONG_FILE ||
                    status == FILES_WRONG_SHAPE || status == FILES_NO_STATE,
                files_error(status));
        require(first == FILES_OK || status == first || status == FILES_BAD_FILE, "two opinions");
        require(status == FILES_OK || memcmp(before, n->params, size) == 0, "half a load");
        refused += status != FILES_OK;
        free(bytes);
    }
    require(refused > turns / 2, "damage is not seen");
    free(before);
}

static void misuse(Network *n, Bytes file)
{
    files_config other = n->config, empty;
    other.L
    ++;
    require(files_load(&other, n->params, NULL, file.data, file.size, n->workspace) ==
                FILES_WRONG_SHAPE,
            "a file of another depth");
    other.L
    = 0;
    require(files_load(&other, n->params, NULL, file.data, file.size, n->workspace) ==
                FILES_BAD_CONFIG,
            "no depth");
    require(files_save_size(&other, 1) == 0, "a size without depth");
    require(files_load(NULL, NULL, NULL, file.data, file.size, n->workspace) == FILES_BAD_ARGUMENT,
            "no params");
    require(files_load(NULL, (char *)n->params + 4, NULL, file.data, file.size, n->workspace) ==
                FILES_BAD_ARGUMENT,
            "misaligned params");
    require(files_load(NULL, n->params, NULL, NULL, 0, n->workspace) == FILES_BAD_ARGUMENT, "NULL");
    require(files_load_config(&empty, "", 0) == FILES_BAD_FILE, "nothing");
    require(files_load_config(NULL, file.data, file.size) == FILES_BAD_ARGUMENT, "no config");
    require(files_save(NULL, n->params, NULL, NULL, 1 << 20) == FILES_BAD_ARGUMENT, "no file");
    require(files_export(NULL, n->params, NULL, NULL, 0) == FILES_BAD_ARGUMENT, "no tensor");
}

int main(int argc, char **argv)
{
    require(argc > 3, "files COMMAND FILE OUT …");
    if (strcmp(argv[1], "draw") == 0) {
        files_config config = FILES_CONFIG_DEFAULT;
        Network n = make(config);
        require(files_init(&config, n.params, n.state, 5, n.workspace, NULL) == 0, "init");
        step(&n, atoi(argv[2]));
        save(&n, 1, argv[3]);
        clear(&n);
        return 0;
    }
    Network n = load(argv[2]);
    if (strcmp(argv[1], "copy") == 0)
        save(&n, 1, argv[3]);
    else if (strcmp(argv[1], "weights") == 0)
        save(&n, 0, argv[3]);
    else if (strcmp(argv[1], "predict") == 0)
        predict(&n, argv[3]);
    else if (strcmp(argv[1], "train") == 0) {
        step(&n, atoi(argv[4]));
        save(&n, 1, argv[3]);
    } else if (strcmp(argv[1], "exchange") == 0)
        exchange(&n, argv + 5, argv[3], argv[4]);
    else {
        Bytes file = read_file(argv[2]);
        misuse(&n, file);
        damage(&n, file, atoi(argv[3]));
        free(file.data);
    }
    clear(&n);
    return 0;
}
