/* matvec_test.c: every matvec row against the scalar row of its format, and the scalar rows against the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "tests/support/kernel_support.h"

struct shape {
    size_t rows, cols;
};

/* Rows around the four that vector rows take at once; cols that leave every number of blocks over. The formats with
 * blocks of 256 round cols up to 256, those without blocks take 3 off to have odd ends. */
static const struct shape shapes[] = {
    { 1, 32 },  { 3, 64 },  { 4, 96 },   { 5, 128 },  { 8, 160 },   { 7, 224 },
    { 2, 256 }, { 9, 512 }, { 33, 896 }, { 12, 992 }, { 21, 1216 }, { 6, 4864 },
};

static struct shape shape_for(enum tensor_format format, struct shape shape)
{
    size_t block = format_table[format].block_values;
    shape.cols = block == 1 ? shape.cols - 3 : (shape.cols + block - 1) / block * block;
    return shape;
}

/* w ends at a guard page; its rows are gap_bytes further apart than they are long. */
static struct guarded spread_rows(const struct guarded *w, size_t row_bytes, size_t gap_bytes, size_t rows)
{
    struct guarded spread = guarded_alloc(rows * (row_bytes + gap_bytes) - gap_bytes);
    for (size_t r = 0; r < rows; r++)
        memcpy((char *)spread.data + r * (row_bytes + gap_bytes), (char *)w->data + r * row_bytes, row_bytes);
    return spread;
}

/* y with a value behind it that must survive. */
static struct guarded run_row(const struct kernel_row *row, const struct shape *shape, const void *w,
                              size_t w_row_bytes, const void *act)
{
    struct guarded y = guarded_alloc((shape->rows + 1) * sizeof(float));
    float *values = y.data;
    for (size_t r = 0; r < shape->rows; r++)
        values[r] = NAN;
    values[shape->rows] = 42;
    row->function.matvec(values, w, w_row_bytes, act, shape->rows, shape->cols);
    if (!(values[shape->rows] >= 42 && values[shape->rows] <= 42))
        fail_msg("%s: wrote behind y", row->name);
    return y;
}

static void check_shape(const struct kernel_row *row, const struct kernel_row *reference, struct shape shape,
                        uint64_t seed)
{
    shape = shape_for(row->format, shape);
    size_t row_bytes = format_row_bytes(row->format, shape.cols), gap_bytes = seed % 2 * 64;
    struct guarded dense = random_weights(row->format, shape.rows, shape.cols, seed);
    struct guarded w = spread_rows(&dense, row_bytes, gap_bytes, shape.rows);
    struct guarded x = random_floats(shape.cols, seed + 1);
    struct guarded act = convert_activations(row->act, x.data, 1, shape.cols);
    struct guarded want = run_row(reference, &shape, dense.data, row_bytes, act.data);
    struct guarded got = run_row(row, &shape, w.data, row_bytes + gap_bytes, act.data);
    double error = rms_error(got.data, want.data, shape.rows);
    /* A handful of sums can cancel to something small by chance, next to which rounding looks large. */
    double tolerance = row->tolerance * (shape.rows < 20 ? 10 : 1);
    if (!(error <= tolerance))
        fail_msg("%s: rows %zu cols %zu: rms error %.3g > %.3g", row->name, shape.rows, shape.cols, error, tolerance);
    struct guarded all[] = { dense, w, x, act, want, got };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        guarded_release(&all[i]);
}

static void test_rows_agree_with_scalar(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_MATVEC);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *row = &table.rows[i], *reference = row_reference(row);
        assert_non_null(reference);
        if (row == reference || !row_runs(row))
            continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            check_shape(row, reference, shapes[s], 1000 * i + s);
    }
}

/* The largest codes everywhere: integer sums in 16 bits would overflow here. */
static void test_extreme_values(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_MATVEC);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *row = &table.rows[i], *reference = row_reference(row);
        if (row == reference || !row_runs(row) || row->act != ACT_Q8)
            continue;
        const struct shape shape = { 5, 768 };
        struct guarded w = random_weights(row->format, shape.rows, shape.cols, i);
        size_t block_bytes = format_table[row->format].block_bytes;
        size_t size_bytes = shape.rows * format_row_bytes(row->format, shape.cols);
        /* Everything but the half precision scales of the block becomes 255 (-1), then 128 (-128 in q8_0). */
        for (int code = 128; code < 256; code += 127) {
            size_t head = row->format == FORMAT_Q4_K || row->format == FORMAT_Q5_K   ? 4
                          : row->format == FORMAT_Q4_1 || row->format == FORMAT_Q5_1 ? 4
                          : row->format == FORMAT_Q6_K                               ? 0
                                                                                     : 2;
            size_t tail = row->format == FORMAT_Q6_K ? 2 : 0;
            for (size_t at = 0; at < size_bytes; at += block_bytes)
                memset((char *)w.data + at + head, code, block_bytes - head - tail);
            for (int sign = -1; sign <= 1; sign += 2) {
                struct guarded x = guarded_alloc(shape.cols * sizeof(float));
                for (size_t c = 0; c < shape.cols; c++)
                    ((float *)x.data)[c] = (float)sign;
                struct guarded act = convert_activations(ACT_Q8, x.data, 1, shape.cols);
                size_t row_bytes = format_row_bytes(row->format, shape.cols);
                struct guarded want = run_row(reference, &shape, w.data, row_bytes, act.data);
                struct guarded got = run_row(row, &shape, w.data, row_bytes, act.data);
                double error = rms_error(got.data, want.data, shape.rows);
                if (!(error <= 10 * row->tolerance))
                    fail_msg("%s: code %d sign %d: rms error %.3g", row->name, code, sign, error);
                struct guarded all[] = { x, act, want, got };
                for (size_t j = 0; j < sizeof all / sizeof *all; j++)
                    guarded_release(&all[j]);
            }
        }
        guarded_release(&w);
    }
}

/* The scalar row against f64 products of what dequantize says the weights are, on activations that 8 bits hold
 * exactly: whole numbers with 127 in every group. */
static void test_scalar_is_the_definition(void **state)
{
    (void)state;
    enum { ROWS = 5, COLS = 512 };
    const struct shape shape = { ROWS, COLS };
    float x[COLS], weights[COLS];
    struct rng rng;
    rng_seed(&rng, 7);
    for (size_t i = 0; i < COLS; i++)
        x[i] = i % 32 == 0 ? 127 : (float)rng_below(&rng, 255) - 127;
    for (int f = 0; f < FORMAT_COUNT; f++) {
        enum tensor_format format = (enum tensor_format)f;
        struct guarded w = random_weights(format, ROWS, COLS, 3);
        struct kernel_row key = { .op = OP_MATVEC, .format = format };
        struct kernel_row dequantize_key = { .op = OP_DEQUANTIZE, .format = format };
        const struct kernel_row *row = row_reference(&key);
        struct guarded act = convert_activations(row->act, x, 1, COLS);
        size_t row_bytes = format_row_bytes(format, COLS);
        struct guarded got = run_row(row, &shape, w.data, row_bytes, act.data);
        for (size_t r = 0; r < ROWS; r++) {
            row_reference(&dequantize_key)->function.dequantize(weights, (char *)w.data + r * row_bytes, COLS);
            double want = 0, size = 0;
            for (size_t c = 0; c < COLS; c++) {
                want += (double)weights[c] * (double)x[c];
                size += fabs((double)weights[c] * (double)x[c]);
            }
            assert_true(fabs((double)((float *)got.data)[r] - want) <= 1e-6 * size);
        }
        guarded_release(&w);
        guarded_release(&act);
        guarded_release(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalar_is_the_definition),
        cmocka_unit_test(test_rows_agree_with_scalar),
        cmocka_unit_test(test_extreme_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
