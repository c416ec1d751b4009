/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds one compiled network against the oracle, on every instruction set of the machine.
 *
 *     harness DUMP [--batch N] [--seed N] [--set NAME=VALUE]… [--single yes] [--write FOLDER]
 *
 * The network is linked in: its object exports rnet_program. DUMP is the text of --dump=model.
 * --single: it must have functions for one sample alone.
 * --write keeps what the best instruction set computed, for another judge.
 */
#include "harness.h"

#include "lib/isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *make(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (memory == NULL) {
        fprintf(stderr, "harness: out of memory\n");
        exit(2);
    }
    return memory;
}

static int fail_usage(const char *what)
{
    fprintf(stderr, "harness: bad argument %s\n", what);
    return 2;
}

static bool set_param(Harness *h, const char *text)
{
    const char *equals = strchr(text, '=');
    for (int32_t i = 0; equals != NULL && i < rnet_program.param_count; i++) {
        const char *name = rnet_program.params[i].name;
        if (strlen(name) == (size_t)(equals - text) && strncmp(name, text, strlen(name)) == 0) {
            h->config[i] = strtod(equals + 1, NULL);
            return true;
        }
    }
    return false;
}

static bool read_options(Harness *h, int argc, char **argv)
{
    for (int i = 2; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--batch") == 0) {
            h->batch = strtol(value, NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            h->seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "--single") == 0) {
            h->single = strcmp(value, "yes") == 0;
        } else if (strcmp(argv[i], "--write") == 0) {
            h->record_folder = value;
        } else if (strcmp(argv[i], "--set") != 0 || !set_param(h, value)) {
            return false;
        }
    }
    return argc % 2 == 0 && h->batch > 0;
}

static void open_oracle(Harness *h)
{
    h->oracle = oracle_read(h->dump_path);
    if (h->oracle == NULL) {
        exit(2);
    }
    for (int32_t i = 0; i < rnet_program.param_count; i++) {
        const char *name = rnet_program.params[i].name;
        compare_require(&h->comparison, oracle_set_param(h->oracle, name, h->config[i]),
                        "no such param in the dump", name);
    }
    oracle_prepare(h->oracle);
    h->tensor_count = oracle_tensor_count(h->oracle);
    h->values = make((size_t)h->tensor_count, sizeof *h->values);
    for (int m = 0; m < ORACLE_MOMENTS; m++) {
        h->moments[m] = make((size_t)h->tensor_count, sizeof *h->moments[m]);
    }
    size_t longest = 0;
    for (int t = 0; t < h->tensor_count; t++) {
        OracleTensor tensor = oracle_tensor(h->oracle, t);
        size_t count = (size_t)(tensor.layers * tensor.size);
        longest = count > longest ? count : longest;
        h->values[t] = make(count, sizeof(double));
        for (int m = 0; m < ORACLE_MOMENTS; m++) {
            h->moments[m][t] = make(count, sizeof(double));
        }
    }
    h->scratch = make(longest, sizeof(double));
    h->x = make((size_t)(h->batch * oracle_input_size(h->oracle)), sizeof(double));
    h->target = make((size_t)(h->batch * oracle_output_size(h->oracle)), sizeof(double));
}

/* The two tables are of one network. */
static bool check_tables(Harness *h)
{
    Comparison *c = &h->comparison;
    compare_require(c, rnet_program.tensor_count == h->tensor_count, "another count", "tensors");
    for (int t = 0; t < h->tensor_count && t < rnet_program.tensor_count; t++) {
        const RnTensor *tensor = &rnet_program.tensors[t];
        OracleTensor wanted = oracle_tensor(h->oracle, t);
        compare_require(c, strcmp(tensor->name, wanted.name) == 0, "another tensor", tensor->name);
        compare_require(c, tensor->size == wanted.size, "another size", tensor->name);
        compare_require(c, product_layers(&h->product, t) == wanted.layers, "other layers",
                        tensor->name);
    }
    return c->failures == 0;
}

static void check_code(Harness *h, const RnCode *code, bool first)
{
    product_open(&h->product, &rnet_program, code, h->config, h->batch);
    if (check_tables(h)) {
        Record *record = NULL;
        if (first && h->record_folder != NULL) {
            record = h->record = record_open(h->record_folder, h->dump_path);
        }
        start_network(h);
        check_gradients(h);
        if (first) {
            check_differences(h);
            check_bits(h);
        } else {
            check_samples(h);
        }
        check_traces(h);
        compare_require(&h->comparison, !h->single || code->regions[0].forward_one != NULL,
                        "no function for one sample", code->isa);
        check_steps(h);
        if (record != NULL) {
            record_close(record);
        }
        h->record = NULL;
    }
    product_close(&h->product);
}

static void close_oracle(Harness *h)
{
    for (int t = 0; t < h->tensor_count; t++) {
        free(h->values[t]);
        free(h->moments[0][t]);
        free(h->moments[1][t]);
    }
    free(h->values);
    free(h->moments[0]);
    free(h->moments[1]);
    free(h->scratch);
    free(h->x);
    free(h->target);
    free(h->config);
    oracle_free(h->oracle);
}

int main(int argc, char **argv)
{
    static Harness harness;
    Harness *h = &harness;
    *h = (Harness){.dump_path = argv[1], .batch = 16, .seed = 1};
    h->config = make((size_t)rnet_program.param_count, sizeof *h->config);
    for (int32_t i = 0; i < rnet_program.param_count; i++) {
        h->config[i] = rnet_program.params[i].value;
    }
    if (argc < 2 || !read_options(h, argc, argv)) {
        return fail_usage("in the command line");
    }
    open_oracle(h);
    bool first = true;
    for (int32_t i = 0; i < rnet_program.code_count; i++) {
        const RnCode *code = &rnet_program.codes[i];
        if (rt_isa_available(code->isa)) {
            check_code(h, code, first);
            printf("%s on %s: %ld failures\n", rnet_program.name, code->isa,
                   h->comparison.failures);
            first = false;
        }
    }
    compare_meaning(&h->comparison);
    compare_print(&h->comparison);
    long failures = h->comparison.failures;
    close_oracle(h);
    return failures == 0 && !first ? 0 : 1;
}
