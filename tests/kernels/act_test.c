/* act_test.c: activations in their converted forms: the same bytes from every row, small errors, visible bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "tests/support/kernel_support.h"

static const size_t widths[] = { 1, 15, 31, 32, 33, 63, 64, 65, 96, 100, 160, 173, 896 };

static void check_same_bytes(const struct kernel_row *row, const float *x, size_t rows, size_t cols)
{
    struct guarded want = convert_activations(row->act, x, rows, cols);
    struct guarded got = guarded_alloc(rows * act_row_bytes(row->act, cols));
    memset(got.data, 0xa5, rows * act_row_bytes(row->act, cols));
    row->function.act(got.data, x, cols, rows, cols);
    size_t padded = act_padded_cols(cols);
    size_t used = row->act == ACT_Q8 ? padded + padded / 32 * 4 + padded / 16 * 4 : padded * 2;
    for (size_t r = 0; r < rows; r++) {
        size_t at = r * act_row_bytes(row->act, cols);
        if (memcmp((char *)got.data + at, (char *)want.data + at, used) != 0)
            fail_msg("%s: %zu columns: row %zu differs from the scalar row", row->name, cols, r);
    }
    guarded_release(&want);
    guarded_release(&got);
}

static void for_every_row(void (*check)(const struct kernel_row *row))
{
    struct kernel_table table = kernel_table(OP_ACT);
    for (size_t i = 0; i < table.count; i++)
        if (row_runs(&table.rows[i]))
            check(&table.rows[i]);
}

static void check_widths(const struct kernel_row *row)
{
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct guarded x = random_floats(3 * widths[i], i);
        check_same_bytes(row, x.data, 3, widths[i]);
        guarded_release(&x);
    }
}

static void test_rows_write_the_same_bytes(void **state)
{
    (void)state;
    for_every_row(check_widths);
}

/* Zeros, subnormals, the largest float, and what no number is. */
static void check_odd_values(const struct kernel_row *row)
{
    static const float odd[] = { 0.0f,   -0.0f,  1e-45f, -1e-40f, 0x1p-126f, 0x1.fffffep127f, -INFINITY, NAN,
                                 127.5f, 126.5f, -0.5f,  1.5f,    0x1.01p0f, 0x1.03p0f,       1.0f,      65504.0f };
    enum { COLS = 96, ODD = sizeof odd / sizeof *odd };
    for (size_t i = 0; i < ODD; i++) {
        float x[COLS];
        for (size_t k = 0; k < COLS; k++)
            x[k] = k / 32 == 1 ? odd[i] * (k % 2 ? 1.0f : -1.0f) : k % 32 == 0 ? odd[i] : (float)k;
        check_same_bytes(row, x, 1, COLS);
    }
}

static void test_rows_agree_on_odd_values(void **state)
{
    (void)state;
    for_every_row(check_odd_values);
}

static void test_q8_is_within_half_a_step(void **state)
{
    (void)state;
    enum { COLS = 100 };
    struct guarded x = random_floats(COLS, 3);
    struct guarded act = convert_activations(ACT_Q8, x.data, 1, COLS);
    const int8_t *q = act.data;
    const float *d = act_q8_scales(act.data, COLS), *values = x.data;
    const int32_t *sums = act_q8_sums(act.data, COLS);
    int32_t sum = 0;
    for (size_t i = 0; i < act_padded_cols(COLS); i++) {
        if (i < COLS)
            assert_true(fabsf(d[i / 32] * (float)q[i] - values[i]) <= d[i / 32] * 0.5001f);
        else
            assert_int_equal(q[i], 0);
        sum += q[i];
        if (i % 16 == 15) {
            assert_int_equal(sums[i / 16], sum);
            sum = 0;
        }
    }
    guarded_release(&x);
    guarded_release(&act);
}

/* A NaN or an infinity must not be rounded away: a product with it is NaN. */
static void test_bad_input_stays_visible(void **state)
{
    (void)state;
    const float bad[] = { NAN, INFINITY, -INFINITY };
    for (size_t i = 0; i < 3; i++) {
        float x[64] = { 1, 2, 3 };
        x[40] = bad[i];
        struct guarded act = convert_activations(ACT_Q8, x, 1, 64);
        assert_true(isfinite(act_q8_scales(act.data, 64)[0]));
        assert_true(isnan(act_q8_scales(act.data, 64)[1] * (float)((int8_t *)act.data)[40]));
        guarded_release(&act);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_write_the_same_bytes),
        cmocka_unit_test(test_rows_agree_on_odd_values),
        cmocka_unit_test(test_q8_is_within_half_a_step),
        cmocka_unit_test(test_bad_input_stays_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
