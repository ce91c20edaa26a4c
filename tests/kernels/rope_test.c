/* rope_test.c: every rope row against a rotation in f64, for both orders of pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "tests/support/kernel_support.h"

static void check(const struct kernel_row *row, size_t heads, size_t head_size, size_t rotary_size, bool neox)
{
    size_t stride = head_size + 2, size = (heads - 1) * stride + head_size, pairs = rotary_size / 2;
    struct guarded x = random_floats(size, head_size + rotary_size);
    struct guarded want = guarded_alloc(size * sizeof(float)), angles = guarded_alloc(rotary_size * sizeof(float));
    float *values = x.data, *expected = want.data, *cos_sin = angles.data;
    for (size_t i = 0; i < pairs; i++) {
        double angle = 1234.5 * pow(10000, -2 * (double)i / (double)rotary_size);
        cos_sin[2 * i] = (float)cos(angle);
        cos_sin[2 * i + 1] = (float)sin(angle);
    }
    for (size_t i = 0; i < size; i++)
        expected[i] = values[i];
    for (size_t h = 0; h < heads; h++) {
        for (size_t i = 0; i < pairs; i++) {
            size_t first = h * stride + (neox ? i : 2 * i), second = neox ? first + pairs : first + 1;
            double a = (double)values[first], b = (double)values[second];
            double c = (double)cos_sin[2 * i], s = (double)cos_sin[2 * i + 1];
            expected[first] = (float)(a * c - b * s);
            expected[second] = (float)(a * s + b * c);
        }
    }
    row->function.rope(values, stride, heads, rotary_size, cos_sin, neox);
    double error = rms_error(values, expected, size);
    if (!(error <= 1e-6))
        fail_msg("%s: heads %zu head_size %zu rotary_size %zu neox %d: rms error %.3g", row->name, heads, head_size,
                 rotary_size, neox, error);
    guarded_release(&x);
    guarded_release(&want);
    guarded_release(&angles);
}

static void test_rope(void **state)
{
    (void)state;
    static const size_t sizes[][2] = { { 2, 2 },   { 8, 8 },   { 20, 20 },   { 64, 64 },
                                       { 80, 80 }, { 96, 32 }, { 128, 128 }, { 100, 50 } };
    struct kernel_table table = kernel_table(OP_ROPE);
    for (size_t i = 0; i < table.count; i++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes && row_runs(&table.rows[i]); s++) {
            check(&table.rows[i], 1, sizes[s][0], sizes[s][1], false);
            check(&table.rows[i], 3, sizes[s][0], sizes[s][1], false);
            check(&table.rows[i], 1, sizes[s][0], sizes[s][1], true);
            check(&table.rows[i], 3, sizes[s][0], sizes[s][1], true);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rope) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
