/* softmax_test.c: every softmax row against f64, value by value: small probabilities count as much as large ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "tests/support/kernel_support.h"

static void check(const struct kernel_row *row, size_t count, float scale, bool in_place)
{
    struct guarded x = random_floats(count, count), y = guarded_alloc(count * sizeof(float));
    struct guarded want = guarded_alloc(count * sizeof(double));
    const float *in = x.data;
    float *got = in_place ? x.data : y.data;
    double *expected = want.data, sum = 0;
    float largest = -INFINITY;
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, scale * in[i]);
    for (size_t i = 0; i < count; i++) {
        /* The argument is rounded to f32 as the operation's definition has it. */
        float argument = scale * in[i] - largest;
        expected[i] = exp((double)argument);
        sum += expected[i];
    }
    double got_sum = row->function.softmax(got, in, scale, count);
    if (!(fabs(got_sum - sum) <= 1e-6 * sum))
        fail_msg("%s: count %zu: sum %.9g, not %.9g", row->name, count, got_sum, sum);
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)got[i] - expected[i]) <= 1e-6 * expected[i] + 1e-37))
            fail_msg("%s: count %zu: exp of value %zu is %.9g, not %.9g", row->name, count, i, (double)got[i],
                     expected[i]);
    }
    guarded_release(&x);
    guarded_release(&y);
    guarded_release(&want);
}

static void test_softmax(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 7, 8, 9, 16, 33, 255, 256, 300, 5000, 32000 };
    struct kernel_table table = kernel_table(OP_SOFTMAX);
    for (size_t i = 0; i < table.count; i++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts && row_runs(&table.rows[i]); c++) {
            check(&table.rows[i], counts[c], 1, false);
            check(&table.rows[i], counts[c], 1.25f, true);
            check(&table.rows[i], counts[c], 20, false);
        }
    }
}

/* -infinity (a masked token) becomes 0. */
static void test_masked(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_SOFTMAX);
    for (size_t i = 0; i < table.count; i++) {
        if (!row_runs(&table.rows[i]))
            continue;
        float x[40];
        for (size_t j = 0; j < 40; j++)
            x[j] = j % 3 == 0 ? 2 : -INFINITY;
        double sum = table.rows[i].function.softmax(x, x, 1, 40);
        assert_true(fabs(sum - 14) < 1e-9);
        for (size_t j = 0; j < 40; j++)
            assert_true(x[j] >= (j % 3 == 0 ? 1 : 0) && x[j] <= (j % 3 == 0 ? 1 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_softmax), cmocka_unit_test(test_masked) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
