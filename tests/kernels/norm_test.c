/* norm_test.c: every rmsnorm row against the definition in f64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "tests/support/kernel_support.h"

enum { GAP = 3 };

static void check(const struct kernel_row *row, size_t count, size_t cols, bool weighted, bool in_place)
{
    const float epsilon = 1e-5f;
    size_t stride = cols + GAP, size = (count - 1) * stride + cols;
    struct guarded x = random_floats(size, cols), weight = random_floats(cols, cols + 1);
    struct guarded want = guarded_alloc(size * sizeof(float)), got = guarded_alloc(size * sizeof(float));
    const float *in = x.data, *w = weight.data;
    float *expected = want.data, *y = in_place ? x.data : got.data;
    for (size_t i = 0; i < size; i++)
        ((float *)got.data)[i] = in[i];
    for (size_t i = 0; i < size; i++)
        expected[i] = in[i];
    for (size_t r = 0; r < count; r++) {
        double squares = 0;
        for (size_t i = 0; i < cols; i++)
            squares += pow((double)in[r * stride + i], 2);
        double factor = 1 / sqrt(squares / (double)cols + (double)epsilon);
        for (size_t i = 0; i < cols; i++)
            expected[r * stride + i] = (float)((double)in[r * stride + i] * factor * (weighted ? (double)w[i] : 1));
    }
    row->function.rmsnorm(y, stride, in, stride, weighted ? w : NULL, epsilon, count, cols);
    double error = rms_error(y, expected, size);
    if (!(error <= 1e-6))
        fail_msg("%s: count %zu cols %zu weighted %d in place %d: rms error %.3g", row->name, count, cols, weighted,
                 in_place, error);
    struct guarded all[] = { x, weight, want, got };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        guarded_release(&all[i]);
}

static void test_rmsnorm(void **state)
{
    (void)state;
    static const size_t cols[] = { 1, 7, 8, 16, 31, 63, 64, 100, 896, 1500, 4096 };
    struct kernel_table table = kernel_table(OP_RMSNORM);
    for (size_t i = 0; i < table.count; i++) {
        for (size_t c = 0; c < sizeof cols / sizeof *cols && row_runs(&table.rows[i]); c++) {
            check(&table.rows[i], 1, cols[c], true, false);
            check(&table.rows[i], 3, cols[c], true, true);
            check(&table.rows[i], 2, cols[c], false, false);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rmsnorm) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
