/* CPU levels, affinity and random numbers. */
#include "harness/base/cpu.h"
#include "harness/base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_limits_are_nested(void **state)
{
    (void)state;
    static const char *const levels[] = { "scalar", "avx2", "avxvnni", "avx512", "avx512vnni", "avx512bf16", "amx" };
    struct error error;
    uint32_t all = CPU_AVX2 | CPU_AVXVNNI | CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16 | CPU_AMX, before = 0, limited;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        assert_int_equal(cpu_limit_features(all, levels[i], &limited, &error), 0);
        assert_int_equal(limited & before, before);
        assert_true(i == 0 ? limited == 0 : limited != before);
        before = limited;
    }
    assert_int_equal(before, all);
    assert_int_equal(cpu_limit_features(CPU_AVX2, "amx", &limited, &error), 0);
    assert_int_equal(limited, CPU_AVX2);
    assert_int_equal(cpu_limit_features(all, NULL, &limited, &error), 0);
    assert_int_equal(limited, all);
    assert_int_equal(cpu_limit_features(all, "sse9", &limited, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "unknown instruction set 'sse9'"));
    char names[128];
    assert_string_equal(cpu_feature_names(CPU_AVX2 | CPU_AVX512, names, sizeof names), "avx2 avx512");
    assert_string_equal(cpu_feature_names(0, names, sizeof names), "scalar");
}

static void test_pinning(void **state)
{
    (void)state;
    struct cpu_info info;
    cpu_detect(&info);
    int cpus[1024];
    int count = cpu_allowed(cpus, 1024);
    assert_true(count >= 1 && count == info.online_count);
    struct error error;
    assert_int_equal(cpu_pin_thread(&cpus[count - 1], 1, &error), 0);
    int now = -1;
    assert_int_equal(cpu_allowed(&now, 1), 1);
    assert_int_equal(now, cpus[count - 1]);
    assert_int_equal(cpu_pin_thread(cpus, count < 1024 ? count : 1024, &error), 0);
    int none = -1;
    assert_int_equal(cpu_pin_thread(&none, 1, &error), ERROR_IO);
}

/* First outputs for seed 0, computed by an independent implementation of splitmix64 and xoshiro256**. */
static void test_rng_is_the_published_generator(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 0);
    assert_true(rng.state[0] == 0xe220a8397b1dcdafu);
    assert_true(rng_next(&rng) == 0x99ec5f36cb75f2b4u);
    double sum = 0, squares = 0;
    for (int i = 0; i < 20000; i++) {
        double value = rng_normal(&rng);
        sum += value;
        squares += value * value;
    }
    assert_true(fabs(sum / 20000) < 0.03 && fabs(squares / 20000 - 1) < 0.05);
    size_t items[52], seen[52] = { 0 };
    for (size_t i = 0; i < 52; i++)
        items[i] = i;
    rng_shuffle(&rng, items, 52);
    for (size_t i = 0; i < 52; i++)
        seen[items[i]]++;
    for (size_t i = 0; i < 52; i++)
        assert_int_equal(seen[i], 1);
    assert_true(rng_mix(1, 2) != rng_mix(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_are_nested),
        cmocka_unit_test(test_pinning),
        cmocka_unit_test(test_rng_is_the_published_generator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
