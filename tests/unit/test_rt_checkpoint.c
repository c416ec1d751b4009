/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: what is written comes back, and no damage to the file is worse than an error.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_program.h"
#include "lib/checkpoint.h"
#include "scratch.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <sys/resource.h>

typedef struct Fixture {
    Scratch scratch;
    char path[256];
    RnTrain train;
    RnProgram program;
    RtOptions options;
    RtSession session;
    RtPosition position;
} Fixture;

static void open_session(Fixture *f, const RtCheckpoint *checkpoint, RtSession *session)
{
    RtError error;
    const RtUse use = {8, RN_FORWARD, -1};
    assert_true(rt_session_open(&f->program, &f->options, checkpoint, session, &error));
    assert_true(rt_session_allocate(session, &use, 1, true, NULL, 0, &error));
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    RtError error;
    static const char *sets[] = {"L=3"};
    f->scratch = scratch_make();
    scratch_path(&f->scratch, "m.safetensors", f->path);
    f->train = fake_train("t.csv", RN_LOSS_MSE);
    f->program = fake_program(&f->train);
    f->options = (RtOptions){.sets = sets, .set_count = 1, .seed = 77, .threads = 1};
    open_session(f, NULL, &f->session);
    assert_true(rt_session_init(&f->session, 0, &error));
    float *moments = (float *)((char *)f->session.state.data + sizeof(RnState));
    for (size_t i = 0; i < f->session.params_size / sizeof *moments; i++)
        moments[i] = (float)i + 0.25f;
    f->position = (RtPosition){.step = 123,
                               .epoch = 4,
                               .position = 5,
                               .correct = 3,
                               .loss_sum = 0.1,
                               .best_loss = 1.0 / 3,
                               .waiting = 2};
    assert_true(rt_checkpoint_save(&f->session, &f->position, f->path, &error));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    rt_session_close(&f->session);
    scratch_remove(&f->scratch);
    free(f);
    return 0;
}

static void test_round_trip(void **state)
{
    Fixture *f = *state;
    RtError error;
    RtCheckpoint checkpoint;
    RtSession again;
    f->options.set_count = 0; /* params come from the file */
    f->options.seed = -1;
    assert_true(rt_checkpoint_read(&f->program, f->path, &checkpoint, &error));
    assert_true(checkpoint.config[0] == 3);
    open_session(f, &checkpoint, &again);
    assert_int_equal(again.seed, 77);
    assert_true(rt_checkpoint_restore(&checkpoint, &again, true, &error));
    assert_memory_equal(again.params.data, f->session.params.data, again.params_size);
    /* moments of W and b; those of buffers are not kept */
    const char *a = again.state.data, *b = f->session.state.data;
    assert_memory_equal(a + sizeof(RnState), b + sizeof(RnState), 3 * FAKE_IN * FAKE_OUT * 4);
    assert_int_equal(((RnState *)again.state.data)->step, 123);
    assert_memory_equal(&checkpoint.position, &f->position, sizeof f->position);
    rt_session_close(&again);
    rt_checkpoint_free(&checkpoint);
}

/* An independent reader: cJSON for the header, and the order [depth, out, in] of the weights. */
static void test_layout(void **state)
{
    Fixture *f = *state;
    RtError error;
    RtFile file;
    assert_true(rt_file_read(f->path, SIZE_MAX, &file, &error));
    uint64_t length;
    memcpy(&length, file.bytes, 8);
    assert_int_equal(length % 8, 0);
    char *text = strndup((const char *)file.bytes + 8, length);
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    cJSON *w = cJSON_GetObjectItem(root, "block.W.weight");
    cJSON *shape = cJSON_GetObjectItem(w, "shape");
    assert_int_equal(cJSON_GetArraySize(shape), 3);
    assert_int_equal(cJSON_GetArrayItem(shape, 0)->valueint, 3);
    assert_int_equal(cJSON_GetArrayItem(shape, 1)->valueint, FAKE_OUT);
    assert_int_equal(cJSON_GetArrayItem(shape, 2)->valueint, FAKE_IN);
    int begin = cJSON_GetArrayItem(cJSON_GetObjectItem(w, "data_offsets"), 0)->valueint;
    const float *kept = (const float *)(file.bytes + 8 + length + begin);
    const float *memory = f->session.params.data;
    for (int k = 0; k < 3; k++)
        for (int o = 0; o < FAKE_OUT; o++)
            for (int i = 0; i < FAKE_IN; i++)
                assert_true(kept[(k * FAKE_OUT + o) * FAKE_IN + i] ==
                            memory[(k * FAKE_IN + i) * FAKE_OUT + o]);
    cJSON *bias = cJSON_GetObjectItem(root, "head.bias");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(bias, "shape")), 1);
    assert_non_null(cJSON_GetObjectItem(root, "optimizer/1/head.bias"));
    assert_null(cJSON_GetObjectItem(root, "block.skip")); /* derived */
    cJSON *facts = cJSON_GetObjectItem(root, "__metadata__");
    assert_string_equal(cJSON_GetObjectItem(facts, "param.L")->valuestring, "3");
    assert_string_equal(cJSON_GetObjectItem(facts, "step")->valuestring, "123");
    cJSON_Delete(root);
    free(text);
    rt_file_free(&file);
}

/* Reads the bytes as a checkpoint; the exit status. */
static int try_bytes(Fixture *f, const void *bytes, size_t size, RtError *error)
{
    RtCheckpoint checkpoint;
    RtSession session;
    char path[256];
    scratch_write(scratch_path(&f->scratch, "bad.safetensors", path), bytes, size);
    if (!rt_checkpoint_read(&f->program, path, &checkpoint, error))
        return error->status;
    bool good = rt_session_open(&f->program, &f->options, &checkpoint, &session, error);
    if (good) {
        const RtUse use = {8, RN_FORWARD, -1};
        good = rt_session_allocate(&session, &use, 1, true, NULL, 0, error) &&
               rt_checkpoint_restore(&checkpoint, &session, true, error);
        rt_session_close(&session);
    }
    rt_checkpoint_free(&checkpoint);
    return good ? RT_OK : error->status;
}

static void test_cut_off_anywhere(void **state)
{
    Fixture *f = *state;
    RtError error;
    RtFile file;
    assert_true(rt_file_read(f->path, SIZE_MAX, &file, &error));
    for (size_t cut = 0; cut < file.size; cut++) {
        assert_int_equal(try_bytes(f, file.bytes, cut, &error), RT_BAD_DATA);
        assert_non_null(strstr(error.text, "bad.safetensors"));
    }
    rt_file_free(&file);
}

/* A fixed sequence of damages: bytes changed, removed, doubled, mostly in the header. Whatever
 * comes of it, it is success or a bad-data or usage error, and the sanitizers see nothing. */
static void test_damage(void **state)
{
    Fixture *f = *state;
    enum { DAMAGES = 4000 };
    RtError error;
    RtFile file;
    assert_true(rt_file_read(f->path, SIZE_MAX, &file, &error));
    uint64_t header, stream = rn_stream("damage", 1, 0);
    memcpy(&header, file.bytes, 8);
    static const char marks[] = "{}[]\",:0189-\\u\0\xff";
    uint8_t *bytes = malloc(2 * file.size);
    int refused = 0;
    f->options.seed = -1;
    for (uint64_t turn = 0; turn < DAMAGES; turn++) {
        size_t size = file.size;
        memcpy(bytes, file.bytes, size);
        for (uint64_t k = 0; k <= turn % 3; k++) {
            uint64_t bits = rn_bits(stream, turn, k);
            size_t at = bits % 8 == 0 ? (bits >> 8) % size : (bits >> 8) % (header + 8);
            size_t from = (bits >> 40) % size;
            if (bits % 5 == 0)
                memmove(bytes + at, bytes + from, size - (at > from ? at : from));
            else if (bits % 5 == 1)
                bytes[at] = (uint8_t)(bits >> 56);
            else
                bytes[at] = (uint8_t)marks[(bits >> 56) % (sizeof marks - 1)];
        }
        int status = try_bytes(f, bytes, size, &error);
        assert_true(status == RT_OK || status == RT_BAD_DATA || status == RT_USAGE);
        refused += status != RT_OK;
    }
    /* damage in the data alone is not seen; that is an eighth of the turns, at most a third */
    assert_true(refused > DAMAGES / 2);
    free(bytes);
    rt_file_free(&file);
}

static size_t compose(uint8_t *out, const char *header, size_t data)
{
    uint64_t length = strlen(header);
    memcpy(out, &length, 8);
    memcpy(out + 8, header, length);
    memset(out + 8 + length, 0, data);
    return 8 + length + data;
}

static void test_messages(void **state)
{
    Fixture *f = *state;
    const struct {
        const char *header;
        size_t data;
        const char *message;
    } cases[] = {
        {"{\"other.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
         "a checkpoint of another network: it holds 'other.weight'"},
        {"{\"head.bias\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[0,24]}}", 24,
         "head.bias is of type F64, expected F32"},
        {"{\"head.bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 16,
         "head.bias has the shape [4], but this network with these params wants [3]"},
        {"{\"head.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
         "\"head.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
         12, "head.bias stands there twice"},
        {"{\"head.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12,
         "'block.W.weight' is missing"},
        {"{\"head.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 12,
         "data_offsets that do not fit the shape"},
        {"{\"head.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[4,16]}}", 12,
         "data_offsets outside the file"},
        {"{\"head.bias\":{\"dtype\":\"F33\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12,
         "an unknown dtype"},
        {"{\"head.bias\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,3],"
         "\"data_offsets\":[0,12]}}",
         12, "a shape whose size overflows"},
        {"[1]", 0, "not a safetensors file"},
        {"{} x", 0, "something behind the header's object"},
        {"{\"__metadata__\":{\"param.nosuch\":\"1\"}}", 0, "a param 'nosuch'"},
        {"{\"__metadata__\":{\"param.L\":\"0\"}}", 0, "outside 1 .. 1000"},
        {"{\"__metadata__\":{\"param.L\":\"1e300\"}}", 0, "outside 1 .. 1000"},
        {"{\"__metadata__\":{\"step\":\"-1\"}}", 0, "step in the metadata is '-1'"},
    };
    uint8_t bytes[1024];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        RtError error = {0};
        RtCheckpoint checkpoint;
        size_t size = compose(bytes, cases[i].header, cases[i].data);
        scratch_write(f->path, bytes, size);
        bool read = rt_checkpoint_read(&f->program, f->path, &checkpoint, &error);
        if (read) {
            assert_false(rt_checkpoint_restore(&checkpoint, &f->session, false, &error));
            rt_checkpoint_free(&checkpoint);
        }
        assert_int_equal(error.status, RT_BAD_DATA);
        if (!strstr(error.text, cases[i].message))
            fail_msg("case %zu: %s", i, error.text);
    }
}

static void test_contradictions(void **state)
{
    Fixture *f = *state;
    RtError error;
    RtCheckpoint checkpoint;
    RtSession session;
    static const char *sets[] = {"L=4"};
    f->options.sets = sets;
    f->options.seed = -1;
    assert_true(rt_checkpoint_read(&f->program, f->path, &checkpoint, &error));
    open_session(f, &checkpoint, &session);
    assert_false(rt_checkpoint_restore(&checkpoint, &session, false, &error));
    assert_int_equal(error.status, RT_BAD_DATA);
    assert_non_null(strstr(error.text, "[3, 3, 4], but this network with these params wants "
                                       "[4, 3, 4]"));
    rt_session_close(&session);
    f->options.seed = 5;
    assert_false(rt_session_open(&f->program, &f->options, &checkpoint, &session, &error));
    assert_int_equal(error.status, RT_USAGE);
    rt_checkpoint_free(&checkpoint);
}

/* A limit on the size of files: the old checkpoint stays whole, and nothing is left
 * beside it. */
static void test_full_disk(void **state)
{
    Fixture *f = *state;
    RtError error;
    RtFile before, after;
    struct rlimit old, tight = {100, RLIM_INFINITY};
    assert_true(rt_file_read(f->path, SIZE_MAX, &before, &error));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool saved = rt_checkpoint_save(&f->session, &f->position, f->path, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(saved);
    assert_int_equal(error.status, RT_FAILED);
    assert_non_null(strstr(error.text, "m.safetensors"));
    assert_true(rt_file_read(f->path, SIZE_MAX, &after, &error));
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.bytes, after.bytes, before.size);
    char part[400];
    snprintf(part, sizeof part, "%s.part-%ld", f->path, (long)getpid());
    assert_false(rt_file_exists(part));
    rt_file_free(&before);
    rt_file_free(&after);
    assert_false(rt_checkpoint_save(&f->session, &f->position, "/no/such/folder/m", &error));
    assert_int_equal(error.status, RT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_off_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contradictions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
