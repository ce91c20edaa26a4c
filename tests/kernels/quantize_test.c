/* quantize_test.c: every quantize row, read back by the scalar dequantize row of its format. */
#include "harness/base/rng.h"
#include "kernels/tables.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { COLS = 4096, BLOCK = 256 };

/* rms error relative to the rms of normally distributed values: about 5 % above what was measured, far below what a
 * wrong scale or a swapped nibble gives. */
static const double bounds[FORMAT_COUNT] = {
    [FORMAT_F32] = 0,       [FORMAT_F16] = 2.2e-4,  [FORMAT_BF16] = 1.8e-3, [FORMAT_Q8_0] = 6.5e-3,
    [FORMAT_Q4_0] = 9.5e-2, [FORMAT_Q4_1] = 8.5e-2, [FORMAT_Q5_0] = 5e-2,   [FORMAT_Q5_1] = 4.2e-2,
    [FORMAT_Q4_K] = 7.5e-2, [FORMAT_Q5_K] = 3.8e-2, [FORMAT_Q6_K] = 2.2e-2,
};

static const struct kernel_row *row_of(const struct kernel_row *rows, size_t count, enum tensor_format format)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].format == format && rows[i].needs == 0)
            return &rows[i];
    }
    fail_msg("no scalar row for %s", format_table[format].name);
    return NULL;
}

/* Quantizes and reads back; also checks that not one byte beyond the row is written. */
static void round_trip(enum tensor_format format, const float *x, float *y, size_t cols)
{
    size_t size = format_row_bytes(format, cols);
    unsigned char *w = malloc(size + 1);
    assert_non_null(w);
    w[size] = 0xa5;
    row_of(kernel_quantize_rows, kernel_quantize_row_count, format)->function.quantize(w, x, cols);
    assert_int_equal(w[size], 0xa5);
    row_of(kernel_dequantize_rows, kernel_dequantize_row_count, format)->function.dequantize(y, w, cols);
    free(w);
}

static double relative_error(const float *x, const float *y, size_t count)
{
    double error = 0, power = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)x[i] - (double)y[i];
        error += difference * difference;
        power += (double)x[i] * (double)x[i];
    }
    return sqrt(error / power);
}

static void fill_normal(float *x, size_t count, uint64_t seed, double deviation)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(deviation * rng_normal(&rng));
}

static void test_every_format_has_one_row(void **state)
{
    (void)state;
    assert_int_equal(kernel_quantize_row_count, FORMAT_COUNT);
    for (int format = 0; format < FORMAT_COUNT; format++)
        row_of(kernel_quantize_rows, kernel_quantize_row_count, (enum tensor_format)format);
}

static void test_error_of_normal_rows(void **state)
{
    (void)state;
    static const double deviations[] = { 1.0, 0.02, 30.0 };
    float x[COLS], y[COLS];
    for (int format = 0; format < FORMAT_COUNT; format++) {
        for (size_t i = 0; i < sizeof deviations / sizeof *deviations; i++) {
            fill_normal(x, COLS, 42 + i, deviations[i]);
            round_trip((enum tensor_format)format, x, y, COLS);
            double error = relative_error(x, y, COLS);
            if (!(error <= bounds[format]))
                fail_msg("%s, deviation %g: error %.3e > %.3e", format_table[format].name, deviations[i], error,
                         bounds[format]);
            /* An error far below the bound means that the bound is not this format's. */
            if (bounds[format] > 0 && error < bounds[format] / 2)
                fail_msg("%s: error %.3e, the bound %.3e is too wide", format_table[format].name, error,
                         bounds[format]);
        }
    }
}

/* Rows that are not symmetric: all positive, all negative, a constant, one outlier. */
static void test_error_of_shifted_rows(void **state)
{
    (void)state;
    static const float shifts[] = { 2.0f, -2.0f };
    float x[COLS], y[COLS];
    for (int format = 0; format < FORMAT_COUNT; format++) {
        for (size_t s = 0; s < 2; s++) {
            fill_normal(x, COLS, 7, 0.3);
            for (size_t i = 0; i < COLS; i++)
                x[i] += shifts[s];
            round_trip((enum tensor_format)format, x, y, COLS);
            double error = relative_error(x, y, COLS);
            /* Against a row of rms 2.02 and range 1.5 .. 2.5 a symmetric format does worse than on a normal row only
             * because its steps are spread over +-2.7. */
            if (!(error <= 5e-2))
                fail_msg("%s, shift %g: error %.3e", format_table[format].name, (double)shifts[s], error);
        }
    }
}

static void test_special_rows(void **state)
{
    (void)state;
    float x[BLOCK], y[BLOCK];
    for (int format = 0; format < FORMAT_COUNT; format++) {
        memset(x, 0, sizeof x);
        round_trip((enum tensor_format)format, x, y, BLOCK);
        for (size_t i = 0; i < BLOCK; i++)
            assert_true(y[i] == 0.0f);

        x[37] = -3.0f; /* one value decides the scale; its neighbours stay 0 */
        round_trip((enum tensor_format)format, x, y, BLOCK);
        for (size_t i = 0; i < BLOCK; i++) {
            if (!(fabsf(y[i] - x[i]) <= 0.015f))
                fail_msg("%s: value %zu is %g, read back %g", format_table[format].name, i, (double)x[i], (double)y[i]);
        }

        for (size_t i = 0; i < BLOCK; i++)
            x[i] = 0.75f;
        round_trip((enum tensor_format)format, x, y, BLOCK);
        for (size_t i = 0; i < BLOCK; i++)
            assert_true(fabsf(y[i] - 0.75f) <= 0.006f);
    }
}

/* Whole numbers in the range of the codes come back exactly: every code and every bit position is used. */
static void test_codes_are_exact(void **state)
{
    (void)state;
    static const struct {
        enum tensor_format format;
        int low, high, period;
    } cases[] = {
        { FORMAT_Q8_0, -127, 127, 32 }, { FORMAT_Q4_0, -8, 7, 32 }, { FORMAT_Q4_1, 0, 15, 32 },
        { FORMAT_Q5_0, -16, 15, 32 },   { FORMAT_Q5_1, 0, 31, 32 },
    };
    float x[BLOCK], y[BLOCK];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int span = cases[c].high - cases[c].low + 1;
        for (int i = 0; i < BLOCK; i++) {
            int code = cases[c].low + (i % cases[c].period * 11 + i / cases[c].period) % span;
            if (i % cases[c].period == 0)
                code = cases[c].low;
            if (i % cases[c].period == 1)
                code = cases[c].high;
            x[i] = (float)code;
        }
        round_trip(cases[c].format, x, y, BLOCK);
        assert_memory_equal(x, y, sizeof x);
    }
}

/* Values no format can hold must not be undefined behaviour (the sanitizer variants watch). */
static void test_values_out_of_range(void **state)
{
    (void)state;
    static const float bad[] = { INFINITY, -INFINITY, NAN, 3e38f, -3e38f, 1e-45f };
    float x[BLOCK], y[BLOCK];
    for (int format = 0; format < FORMAT_COUNT; format++) {
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
            fill_normal(x, BLOCK, 3, 1.0);
            x[100] = bad[b];
            round_trip((enum tensor_format)format, x, y, BLOCK);
        }
    }
    assert_true(y[200] != 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_has_one_row), cmocka_unit_test(test_error_of_normal_rows),
        cmocka_unit_test(test_error_of_shifted_rows),    cmocka_unit_test(test_special_rows),
        cmocka_unit_test(test_codes_are_exact),          cmocka_unit_test(test_values_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
