/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints in memory: what is written is read again, whatever the numbers say it is as long, and
 * no bytes are worse than a refusal that leaves everything as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/random.h"
#include "fake_program.h"

#include <float.h>

enum { PARAMS = 1024, STATE = PARAMS + (int)sizeof(RnState), FILE_SIZE = 8192, MEMORY = 4096 };

typedef struct Fixture {
    RnTrain train;
    RnProgram program;
    double config[2];
    RnNetwork network;
    _Alignas(64) char params[PARAMS], state[STATE];
    uint64_t memory[MEMORY / 8];
    RnBytes file;
} Fixture;

/* The whole file; malloc'ed to its size, so that the sanitizer sees what is read behind it. */
static RnBytes save(const Fixture *f, bool with_state)
{
    const RnNetwork *network = &f->network;
    size_t size = rn_checkpoint_header_size(network, with_state), at = size;
    RnSlot slot;
    char *bytes = malloc(FILE_SIZE);
    rn_checkpoint_header(network, with_state ? (const RnState *)f->state : NULL, bytes, size);
    for (int32_t i = 0; i < rn_slot_count(network, with_state ? network->moments : 0); i++)
        if (rn_slot(network, i, &slot)) {
            assert_true(at + slot.bytes <= FILE_SIZE);
            rn_slot_to_file(network, &slot, 0, slot.layers, slot.moment ? f->state : f->params,
                            bytes + at);
            at += slot.bytes;
        }
    return (RnBytes){realloc(bytes, at), at};
}

static int set_up(void **state)
{
    Fixture *f = aligned_alloc(64, (sizeof *f + 63) / 64 * 64);
    memset(f, 0, sizeof *f);
    f->train = fake_train("t.csv", RN_LOSS_MSE);
    f->program = fake_program(&f->train);
    f->config[0] = 3;
    f->config[1] = 0.1;
    f->network = rn_network(&f->program, &fake_codes[0], f->config);
    assert_true(f->network.params_size <= PARAMS);
    assert_int_equal(f->network.moments, 1);
    assert_true(rn_checkpoint_memory(&f->program) <= MEMORY);
    for (int i = 0; i < PARAMS / 4; i++) {
        ((float *)f->params)[i] = (float)i + 0.5f;
        ((float *)(f->state + sizeof(RnState)))[i] = -(float)i;
    }
    *(RnState *)f->state = (RnState){.step = 12,
                                     .seed = UINT64_MAX,
                                     .repeat = 3,
                                     .epoch = 2,
                                     .position = 7,
                                     .correct = 5,
                                     .waiting = 1,
                                     .loss_sum = 0.1,
                                     .best_loss = 1.0 / 3};
    f->file = save(f, true);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    free((void *)(uintptr_t)f->file.bytes);
    free(f);
    return 0;
}

/* Every kept number, by the slots; what is derived or padding does not count. */
static bool same_tensors(const Fixture *f, const char *params, const char *state)
{
    RnSlot slot;
    bool same = true;
    for (int32_t i = 0; i < rn_slot_count(&f->network, state ? 1 : 0); i++)
        if (rn_slot(&f->network, i, &slot))
            same = same && memcmp((slot.moment ? f->state : f->params) + slot.offset,
                                  (slot.moment ? state : params) + slot.offset, slot.bytes) == 0;
    return same;
}

static void test_round_trip(void **state)
{
    Fixture *f = *state;
    char params[PARAMS] = {0}, moments[STATE] = {0};
    double config[2] = {0, 0};
    RnFacts facts;
    RnFault fault;
    assert_true(rn_checkpoint_facts(&f->program, f->file, config, &facts, &fault));
    assert_memory_equal(config, f->config, sizeof config);
    assert_true(facts.has_state);
    assert_memory_equal(&facts.state, f->state, sizeof facts.state);
    assert_string_equal(facts.source_hash, f->program.source_hash);
    assert_true(rn_checkpoint_restore(&f->network, f->file, params, moments, f->memory, &fault));
    assert_true(same_tensors(f, params, moments));
    RnBytes weights = save(f, false);
    memset(params, 0, sizeof params);
    assert_true(rn_checkpoint_facts(&f->program, weights, config, &facts, &fault));
    assert_false(facts.has_state);
    assert_true(rn_checkpoint_restore(&f->network, weights, params, NULL, f->memory, &fault));
    assert_true(same_tensors(f, params, NULL));
    assert_false(rn_checkpoint_restore(&f->network, weights, params, moments, f->memory, &fault));
    assert_int_equal(fault.kind, RN_FAULT_MISSING);
    assert_string_equal(fault.slot.name, "optimizer/1/block.W.weight");
    free((void *)(uintptr_t)weights.bytes);
}

/* Weights for prediction come from the checkpoint of a run, whatever its optimiser was. */
static void test_without_optimizer(void **state)
{
    Fixture *f = *state;
    char params[PARAMS] = {0};
    RnFault fault;
    f->program.train = NULL;
    f->network = rn_network(&f->program, &fake_codes[0], f->config);
    assert_int_equal(f->network.moments, 0);
    assert_true(rn_checkpoint_restore(&f->network, f->file, params, NULL, f->memory, &fault));
    assert_true(same_tensors(f, params, NULL));
}

/* The size of a file does not tell what the state is; before the first epoch nothing is best. */
static void test_size(void **state)
{
    Fixture *f = *state;
    double config[2];
    RnFacts facts;
    RnFault fault;
    memset(f->state, 0, sizeof(RnState));
    RnBytes empty = save(f, true);
    assert_int_equal(empty.size, f->file.size);
    assert_true(rn_checkpoint_facts(&f->program, empty, config, &facts, &fault));
    assert_true(facts.state.best_loss == (double)INFINITY);
    free((void *)(uintptr_t)empty.bytes);
    *(RnState *)f->state = (RnState){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                     UINT64_MAX, UINT64_MAX, -DBL_MAX,   -DBL_MAX,   {0}};
    RnBytes full = save(f, true);
    assert_int_equal(full.size, f->file.size);
    free((void *)(uintptr_t)full.bytes);
}

static size_t compose(uint8_t *out, const char *header, size_t data)
{
    uint64_t length = strlen(header);
    memcpy(out, &length, 8);
    memcpy(out + 8, header, length);
    memset(out + 8 + length, 0, data);
    return 8 + length + data;
}

#define FACT(key, value) "{\"__metadata__\":{\"" key "\":\"" value "\"}}"
#define TENSOR(name, begin, end)                                                                   \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[" begin "," end "]}"

static void test_refused(void **state)
{
    Fixture *f = *state;
    char long_value[700] = "{\"__metadata__\":{\"param.lr\":\"0.";
    const struct {
        const char *header;
        int32_t kind;
    } cases[] = {
        {FACT("param.nosuch", "1"), RN_FAULT_PARAM},
        {FACT("param.lr", "1,5"), RN_FAULT_VALUE},
        {FACT("param.lr", "nan"), RN_FAULT_VALUE},
        {FACT("param.lr", "1e999"), RN_FAULT_VALUE},
        {FACT("param.lr", "-1"), RN_FAULT_RANGE},
        {FACT("param.L", "1001"), RN_FAULT_RANGE},
        {FACT("epoch", "9007199254740993"), RN_FAULT_FACT},
        {FACT("loss_sum", "nan"), RN_FAULT_FACT},
        {long_value, RN_FAULT_VALUE},
        {"{" TENSOR("standardize.mean", "0", "16") "," TENSOR("standardize.mean", "16", "32") "}",
         RN_FAULT_TWICE},
        {"{" TENSOR("block.skip", "0", "16") "}", RN_FAULT_TENSOR},
        {"{" TENSOR("optimizer/1/standardize.mean", "0", "16") "}", RN_FAULT_TENSOR},
        {"{" TENSOR("optimizer/3/head.bias", "0", "16") "}", RN_FAULT_TENSOR},
        {"{" TENSOR("head.bias", "0", "16") "}", RN_FAULT_SHAPE},
        {"{" TENSOR("standardize.mean", "0", "16") "}", RN_FAULT_MISSING},
        {"{", RN_FAULT_FORMAT},
        {"{}}", RN_FAULT_FORMAT},
    };
    memset(long_value + strlen(long_value), '1', 600);
    strcat(long_value, "\"}}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[1024];
        char params[PARAMS];
        double config[2] = {3, 0.1};
        RnFacts facts;
        RnFault fault = {0};
        RnBytes file = {bytes, compose(bytes, cases[i].header, 32)};
        if (rn_checkpoint_facts(&f->program, file, config, &facts, &fault))
            assert_false(rn_checkpoint_restore(&f->network, file, params, NULL, f->memory, &fault));
        if (fault.kind != cases[i].kind)
            fail_msg("case %zu: fault %d, expected %d", i, fault.kind, cases[i].kind);
    }
}

/* A fixed sequence of damages, mostly in the header. A refusal leaves the weights alone; what
 * passes for a file has every number from it. */
static void test_damage(void **state)
{
    Fixture *f = *state;
    enum { DAMAGES = 20000 };
    static const char marks[] = "{}[]\",:0189-\\u\0\xff";
    uint64_t stream = rn_stream("damage", 2, 0), header;
    int refused = 0;
    memcpy(&header, f->file.bytes, 8);
    for (uint64_t turn = 0; turn < DAMAGES; turn++) {
        uint8_t *bytes = malloc(f->file.size);
        uint64_t cut = rn_bits(stream, turn, 99);
        RnBytes file = {bytes, cut % 10 == 0 ? (cut >> 8) % f->file.size : f->file.size};
        memcpy(bytes, f->file.bytes, f->file.size);
        for (uint64_t k = 0; k <= turn % 3; k++) {
            uint64_t bits = rn_bits(stream, turn, k);
            size_t at = (bits >> 8) % (header + 8), from = (bits >> 40) % (header + 8);
            if (bits % 5 == 0)
                memmove(bytes + at, bytes + from, header + 8 - (at > from ? at : from));
            else if (bits % 5 == 1)
                bytes[at] = (uint8_t)(bits >> 56);
            else
                bytes[at] = (uint8_t)marks[(bits >> 56) % (sizeof marks - 1)];
        }
        bytes = realloc(bytes, file.size ? file.size : 1); /* the sanitizer sees its end */
        file.bytes = bytes;
        char params[PARAMS] = {0}, moments[STATE] = {0}, zero[PARAMS] = {0};
        double config[2] = {3, 0.1};
        RnFacts facts;
        RnFault fault;
        bool good = rn_checkpoint_facts(&f->program, file, config, &facts, &fault);
        if (rn_checkpoint_restore(&f->network, file, params, moments, f->memory, &fault))
            assert_true(good ? config[0] >= 1 && config[0] <= 1000 : true);
        else
            assert_memory_equal(params, zero, sizeof params);
        refused += !good || fault.kind != RN_FAULT_NONE;
        free(bytes);
    }
    assert_true(refused > DAMAGES / 2 && refused < DAMAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_optimizer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
