/* Ceilings: every row that runs here computes what it says; rates are not compared, tests run on busy machines. */
#include "kernels/peak/peak.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint32_t features(void)
{
    struct cpu_info cpu;
    cpu_detect(&cpu);
    return cpu.features;
}

/* More steps, another result (integer sums grow, f32 chains converge), and never NaN. */
static void test_arithmetic(void **state)
{
    (void)state;
    uint32_t available = features();
    size_t tested = 0;
    for (size_t i = 0; i < peak_row_count; i++) {
        const struct peak_row *row = &peak_rows[i];
        if (!row->compute || row->needs & ~available)
            continue;
        double once = row->compute(1), often = row->compute(100);
        if (!isfinite(once) || !isfinite(often) || once == often || row->compute(1) != once)
            fail_msg("%s: 1 step gives %g, 100 steps %g", row->name, once, often);
        assert_true(row->flops > 0);
        tested++;
    }
    assert_true(tested >= 2); /* the scalar rows run anywhere */
}

static void test_memory(void **state)
{
    (void)state;
    enum { COUNT = 1024 };
    uint32_t available = features();
    float *a = malloc(COUNT * sizeof *a), *b = malloc(COUNT * sizeof *b), *c = malloc(COUNT * sizeof *c);
    for (size_t i = 0; i < peak_row_count; i++) {
        const struct peak_row *row = &peak_rows[i];
        if (!row->stream || row->needs & ~available)
            continue;
        for (int j = 0; j < COUNT; j++)
            a[j] = -1, b[j] = (float)j, c[j] = 2;
        double result = row->stream(a, b, c, COUNT);
        for (int j = 0; j < COUNT; j++) {
            float expected = row->peak_class == PEAK_READ ? -1 : row->peak_class == PEAK_COPY ? b[j] : b[j] + 6;
            if (a[j] != expected)
                fail_msg("%s: a[%d] = %g, expected %g", row->name, j, (double)a[j], (double)expected);
        }
        if (row->peak_class == PEAK_READ && row->needs)
            assert_true(result == (double)COUNT * (COUNT - 1) / 2);
        else
            assert_true(isfinite(result));
    }
    free(a);
    free(b);
    free(c);
}

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(peak_find(PEAK_F32, 0)->name, "peak_f32__scalar");
    assert_null(peak_find(PEAK_BF16, 0));
#if defined(__x86_64__)
    assert_string_equal(peak_find(PEAK_INT8, CPU_AVX2)->name, "peak_int8__avx2");
    assert_string_equal(peak_find(PEAK_INT8, ~0u)->name, "peak_int8__amx");
    assert_string_equal(peak_find(PEAK_F32, CPU_AVX2 | CPU_AVX512)->name, "peak_f32__avx512");
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
