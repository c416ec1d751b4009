/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left of the memory, from copies of /proc and /sys; blocks; params and instruction sets.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_program.h"
#include "lib/config.h"
#include "lib/isa.h"
#include "lib/memory.h"
#include "scratch.h"

#include <sys/stat.h>

static void put(const Scratch *scratch, const char *path, const char *text)
{
    char full[256];
    scratch_path(scratch, path, full);
    for (char *slash = strchr(full + strlen(scratch->folder) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    scratch_text(full, text);
}

static void test_machine(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    put(&scratch, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable:   77 kB\n");
    assert_int_equal(rt_memory_left(scratch.folder), 77 * 1024);
    scratch_remove(&scratch);
}

/* The parent has less left than the group itself; cached pages count as free. */
static void test_groups_2(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    put(&scratch, "proc/meminfo", "MemAvailable: 1000000 kB\n");
    put(&scratch, "proc/self/cgroup", "0::/outer/inner\n");
    put(&scratch, "sys/fs/cgroup/outer/inner/memory.max", "max\n");
    put(&scratch, "sys/fs/cgroup/outer/memory.max", "1000000\n");
    put(&scratch, "sys/fs/cgroup/outer/memory.current", "600000\n");
    put(&scratch, "sys/fs/cgroup/outer/memory.stat", "anon 5\ninactive_file 100000\n");
    assert_int_equal(rt_memory_left(scratch.folder), 500000);
    put(&scratch, "sys/fs/cgroup/outer/inner/memory.max", "300000\n");
    put(&scratch, "sys/fs/cgroup/outer/inner/memory.current", "299999\n");
    assert_int_equal(rt_memory_left(scratch.folder), 1);
    put(&scratch, "sys/fs/cgroup/outer/inner/memory.current", "400000\n");
    assert_int_equal(rt_memory_left(scratch.folder), 0);
    scratch_remove(&scratch);
}

/* In a container the group's path may not exist below the mount; its root does. */
static void test_groups_1(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    put(&scratch, "proc/meminfo", "MemAvailable: 1000000 kB\n");
    put(&scratch, "proc/self/cgroup", "3:cpu,cpuacct:/a\n2:memory:/docker/0123\n");
    put(&scratch, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
    put(&scratch, "sys/fs/cgroup/memory/memory.usage_in_bytes", "4000\n");
    assert_int_equal(rt_memory_left(scratch.folder), 5000);
    scratch_remove(&scratch);
}

static void test_check(void **state)
{
    (void)state;
    RtError error;
    const RtNeed needs[] = {{"weights", 3 << 20}, {"activations", 1 << 20}};
    assert_true(rt_memory_check(needs, 2, 4 << 20, "less", &error));
    assert_false(rt_memory_check(needs, 2, (4 << 20) - 1, "a smaller batch", &error));
    assert_int_equal(error.status, RT_FAILED);
    assert_non_null(strstr(error.text, "4.0 MiB needed"));
    assert_non_null(strstr(error.text, "activations"));
    assert_non_null(strstr(error.text, "a smaller batch"));
    const RtNeed huge[] = {{"a", SIZE_MAX}, {"b", 1}};
    assert_false(rt_memory_check(huge, 2, SIZE_MAX, "", &error));
}

static void test_blocks(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 63, 64, 100000, (2 << 20) - 1, 2 << 20, (5 << 20) + 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        RtError error;
        RtBlock block;
        assert_true(rt_block_allocate(&block, sizes[i], "test", &error));
        assert_int_equal((uintptr_t)block.data % 64, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(((char *)block.data)[k], 0);
        memset(block.data, 1, sizes[i]);
        rt_block_free(&block);
    }
    RtError error;
    RtBlock block;
    assert_false(rt_block_allocate(&block, SIZE_MAX - 10, "test", &error));
    rt_block_free(&block);
}

static void test_params(void **state)
{
    (void)state;
    RtError error;
    RnProgram program = fake_program(NULL);
    double values[2];
    rt_config_defaults(&program, values);
    assert_true(values[0] == 2 && values[1] == 0.1);
    assert_true(rt_config_assign(&program, values, "L=6.6", &error));
    assert_true(values[0] == 7); /* whole */
    assert_true(rt_config_assign(&program, values, "lr=1e-3", &error));
    const char *const bad[] = {"L", "L=", "L=x", "L=0", "L=1001", "L=nan", "l=1", "=1", "lr=1x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(rt_config_assign(&program, values, bad[i], &error));
        assert_int_equal(error.status, RT_USAGE);
    }
    assert_true(values[0] == 7 && values[1] == 1e-3);
    const RnParam large = {.name = "large", .low = -1234567, .high = 0.1 + 0.2, .integer = 1};
    program.param_count = 1;
    program.params = &large;
    assert_false(rt_config_assign(&program, values, "large=1e6", &error));
    assert_string_equal(error.text,
                        "--set: large = 1000000 is outside -1234567 .. 0.30000000000000004");
}

static void test_param_bits(void **state)
{
    (void)state;
    assert_true(rt_param_bit(0) == 1);
    assert_true(rt_param_bit(62) == INT64_C(1) << 62);
    assert_true(rt_param_bit(63) == INT64_MIN && rt_param_bit(1000) == INT64_MIN);
    const RnTensor tensor = {.depends = 4};
    assert_true(rt_config_draws(&tensor, 2) && !rt_config_draws(&tensor, 66));
}

static void test_instruction_sets(void **state)
{
    (void)state;
    RtError error;
    RnProgram program = fake_program(NULL);
    assert_ptr_equal(rt_isa_choose(&program, NULL, &error), fake_codes);
    assert_ptr_equal(rt_isa_choose(&program, "baseline", &error), fake_codes);
    assert_null(rt_isa_choose(&program, "avx2", &error)); /* no code for it here */
    assert_int_equal(error.status, RT_USAGE);
    assert_null(rt_isa_choose(&program, "mmx", &error));
    assert_non_null(strstr(error.text, "baseline"));
    assert_true(rt_isa_available("baseline"));
    assert_false(rt_isa_available("mmx"));
    assert_true(rt_isa_available("avx2") || !rt_isa_available("avx512"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine),    cmocka_unit_test(test_groups_2),
        cmocka_unit_test(test_groups_1),   cmocka_unit_test(test_check),
        cmocka_unit_test(test_blocks),     cmocka_unit_test(test_params),
        cmocka_unit_test(test_param_bits), cmocka_unit_test(test_instruction_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
