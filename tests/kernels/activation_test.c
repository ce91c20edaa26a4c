/* activation_test.c: every row of silu_mul and add against f64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "tests/support/kernel_support.h"

static const size_t counts[] = { 1, 5, 8, 15, 16, 17, 100, 896, 4864 };
enum { COUNTS = sizeof counts / sizeof *counts };

static void check_silu_mul(const struct kernel_row *row, size_t count, bool in_place)
{
    struct guarded gate = random_floats(count, count), up = random_floats(count, count + 1);
    struct guarded y = guarded_alloc(count * sizeof(float)), want = guarded_alloc(count * sizeof(float));
    const float *g = gate.data, *u = up.data;
    float *expected = want.data, *got = in_place ? gate.data : y.data;
    for (size_t i = 0; i < count; i++)
        expected[i] = (float)((double)g[i] / (1 + exp(-(double)g[i])) * (double)u[i]);
    row->function.silu_mul(got, g, u, count);
    double error = rms_error(got, expected, count);
    if (!(error <= 1e-6))
        fail_msg("%s: count %zu in place %d: rms error %.3g", row->name, count, in_place, error);
    struct guarded all[] = { gate, up, y, want };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        guarded_release(&all[i]);
}

static void test_silu_mul(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_SILU_MUL);
    for (size_t i = 0; i < table.count; i++) {
        for (size_t c = 0; c < COUNTS && row_runs(&table.rows[i]); c++) {
            check_silu_mul(&table.rows[i], counts[c], false);
            check_silu_mul(&table.rows[i], counts[c], true);
        }
    }
}

/* Where exp overflows or vanishes the result is 0 or gate; NaN in either input comes out as NaN. */
static void test_silu_mul_limits(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_SILU_MUL);
    for (size_t i = 0; i < table.count; i++) {
        if (!row_runs(&table.rows[i]))
            continue;
        float gate[16] = { -1000, -90, 90, 1000, 0, NAN, 1 }, up[16], y[16];
        for (size_t j = 0; j < 16; j++)
            up[j] = 1;
        up[6] = NAN;
        table.rows[i].function.silu_mul(y, gate, up, 16);
        assert_true(fabsf(y[0]) < 1e-30f && fabsf(y[1]) < 1e-30f);
        assert_true(fabsf(y[2] - 90) < 1e-4f && fabsf(y[3] - 1000) < 1e-3f && fabsf(y[4]) < 1e-30f);
        assert_true(isnan(y[5]) && isnan(y[6]));
    }
}

static void test_add(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_ADD);
    for (size_t i = 0; i < table.count; i++) {
        for (size_t c = 0; c < COUNTS && row_runs(&table.rows[i]); c++) {
            struct guarded x = random_floats(counts[c], c), y = random_floats(counts[c], c + 1);
            struct guarded want = guarded_alloc(counts[c] * sizeof(float));
            for (size_t j = 0; j < counts[c]; j++)
                ((float *)want.data)[j] = ((float *)y.data)[j] + ((float *)x.data)[j];
            table.rows[i].function.add(y.data, x.data, counts[c]);
            assert_memory_equal(y.data, want.data, counts[c] * sizeof(float));
            guarded_release(&x);
            guarded_release(&y);
            guarded_release(&want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silu_mul),
        cmocka_unit_test(test_silu_mul_limits),
        cmocka_unit_test(test_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
