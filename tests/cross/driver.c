/* SPDX-License-Identifier: Apache-2.0
 *
 * One program for every machine: what a network draws, predicts, loses and learns, as bytes.
 *
 *     driver [TENSOR COUNT]… >FILE
 *
 * Compiled beside the header of an object whose name is m. REAL is its precision; LABELS: its
 * targets are labels; TRAINS: it has a train block. Of tensors named in the
 * command line there are the numbers and gradients, by name, too. The file is a list of records: a
 * line `NAME SIZE EACH`, then SIZE bytes in numbers of EACH bytes.
 */
#include "m.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 19, STEPS = 3, SEED = 7 }; /* no multiple of a vector */

#ifdef LABELS
typedef int32_t Target;
enum { TARGETS = BATCH };
#else
typedef REAL Target;
enum { TARGETS = BATCH * M_OUTPUTS };
#endif

static void *memory(size_t size)
{
    size_t whole = (size + M_ALIGN) / M_ALIGN * M_ALIGN;
    void *p = aligned_alloc(M_ALIGN, whole);
    if (p == NULL) {
        exit(70);
    }
    return memset(p, 0, whole);
}

static void record(const char *name, const void *data, size_t size, size_t each)
{
    printf("%s %zu %zu\n", name, size, each);
    fwrite(data, 1, size, stdout);
}

static void check(int status, const char *what)
{
    if (status != M_OK) {
        fprintf(stderr, "%s: %s\n", what, m_error(status));
        exit(1);
    }
}

/* Multiples of 1/32 between -1 and 1, the same everywhere. */
static int next(void)
{
    static uint32_t word = 2463534242u;
    word ^= word << 13;
    word ^= word >> 17;
    word ^= word << 5;
    return (int)(word % 65) - 32;
}

static void *workspace(int what)
{
    size_t size = m_workspace_size(NULL, BATCH, what, 1);
    if (size == 0) {
        fprintf(stderr, "no size of a workspace for %d\n", what);
        exit(1);
    }
    return memory(size);
}

/* What the command line asks for: words in pairs, a tensor and how many numbers it has. */
typedef struct Names {
    char **words;
    int count;
} Names;

static void record_tensors(const char *what, const void *values, Names names)
{
    for (int i = 0; i + 1 < names.count; i += 2) {
        char name[64];
        size_t count = strtoul(names.words[i + 1], NULL, 10);
        REAL *tensor = memory(count * sizeof *tensor);
        snprintf(name, sizeof name, "%s:%s", what, names.words[i]);
        check(m_export(NULL, values, names.words[i], tensor, count), names.words[i]);
        record(name, tensor, count * sizeof *tensor, sizeof *tensor);
        free(tensor);
    }
}

typedef struct Run {
    Names names;
    REAL x[BATCH * M_INPUTS], y[BATCH * M_OUTPUTS];
    Target target[TARGETS];
    void *params, *state;
    size_t params_size, state_size;
} Run;

static void fill(Run *r)
{
    for (size_t i = 0; i < BATCH * M_INPUTS; i++) {
        r->x[i] = (REAL)next() / 32;
    }
    for (size_t i = 0; i < TARGETS; i++) {
#ifdef LABELS
        r->target[i] = (next() + 32) % M_OUTPUTS;
#else
        r->target[i] = (REAL)next() / 32;
#endif
    }
}

/* For who judges them; targets as reals even where they are labels. */
static void record_batch(const Run *r)
{
    double target[TARGETS];
    for (size_t i = 0; i < TARGETS; i++) {
        target[i] = (double)r->target[i];
    }
    record("x", r->x, sizeof r->x, sizeof(REAL));
    record("target", target, sizeof target, sizeof *target);
}

static void predict(Run *r, const char *name)
{
    void *area = workspace(M_FORWARD);
    check(m_forward(NULL, r->params, r->x, r->y, BATCH, area, NULL), name);
    free(area);
    record(name, r->y, sizeof r->y, sizeof(REAL));
}

static void record_params(const Run *r, const char *name)
{
    record(name, r->params, r->params_size, sizeof(REAL));
}

#ifdef TRAINS
static void gradient(Run *r)
{
    double loss = 0;
    void *area = workspace(M_GRADIENT), *values = memory(r->params_size);
    check(m_gradient(NULL, r->params, NULL, r->x, r->target, BATCH, values, area, NULL, &loss),
          "gradient");
    record("gradient", values, r->params_size, sizeof(REAL));
    record_tensors("gradient", values, r->names);
    record("gradient-loss", &loss, sizeof loss, sizeof loss);
    free(values);
    free(area);
}

static void train(Run *r)
{
    void *area = workspace(M_STEP);
    for (int i = 0; i < STEPS; i++) {
        double loss = 0;
        check(m_step(NULL, r->params, r->state, r->x, r->target, BATCH, 0, area, NULL, &loss),
              "step");
        record("step-loss", &loss, sizeof loss, sizeof loss);
        record_params(r, "step-params");
    }
    free(area);
}

static void lose(Run *r)
{
    double loss = 0;
    void *area = workspace(M_LOSS);
    check(m_loss(NULL, r->params, r->x, r->target, BATCH, area, NULL, &loss), "loss");
    record("loss", &loss, sizeof loss, sizeof loss);
    free(area);
}
#endif

int main(int argc, char **argv)
{
    static Run r;
    r.names = (Names){argv + 1, argc - 1};
    fill(&r);
    record_batch(&r);
    r.params_size = m_params_size(NULL);
    r.state_size = m_state_size(NULL);
    r.params = memory(r.params_size);
    r.state = memory(r.state_size);
    void *area = workspace(M_INIT);
    check(m_init(NULL, r.params, r.state_size ? r.state : NULL, SEED, area, NULL), "init");
    free(area);
    record_params(&r, "init");
    record_tensors("value", r.params, r.names);
    predict(&r, "output");
#ifdef TRAINS
    lose(&r);
    gradient(&r);
    train(&r);
    predict(&r, "trained-output");
#endif
    free(r.params);
    free(r.state);
    return fflush(stdout) != 0;
}
