/* matmul_test.c: every matmul row against the scalar row of its format, on shapes that end in every kind of tail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/mem.h"
#include "tests/support/kernel_support.h"

struct shape {
    size_t count, rows, cols;
};

/* cols of the formats with blocks of 256 are rounded up to 256. */
static const struct shape shapes[] = {
    { 1, 1, 32 },    { 2, 3, 96 },   { 16, 16, 64 },  { 17, 33, 160 },  { 13, 47, 256 },  { 31, 20, 224 },
    { 33, 64, 512 }, { 5, 129, 32 }, { 48, 31, 896 }, { 70, 70, 1056 }, { 129, 18, 544 }, { 7, 300, 2048 },
};

struct result {
    struct guarded y;
    size_t count; /* floats */
};

/* y rows are longer than the slice; what lies between must stay as it was. */
static struct result run_row(const struct kernel_row *row, const struct shape *shape, const void *w, const float *x)
{
    enum { GAP = 5 };
    size_t y_stride = shape->rows + GAP, size = (shape->count - 1) * y_stride + shape->rows;
    struct guarded act = convert_activations(row->act, x, shape->count, shape->cols);
    struct guarded y = guarded_alloc(size * sizeof(float));
    float *values = y.data;
    for (size_t i = 0; i < size; i++)
        values[i] = NAN;
    size_t scratch_bytes = row->scratch_bytes ? row->scratch_bytes(shape->cols, shape->count) : 0;
    struct guarded scratch = guarded_alloc((scratch_bytes + 63) / 64 * 64);
    struct matmul_arguments arguments = {
        .y = values,
        .y_stride = y_stride,
        .w = w,
        .w_row_bytes = format_row_bytes(row->format, shape->cols),
        .act = act.data,
        .act_row_bytes = act_row_bytes(row->act, shape->cols),
        .count = shape->count,
        .rows = shape->rows,
        .cols = shape->cols,
        .scratch = scratch_bytes ? scratch.data : NULL,
    };
    row->function.matmul(&arguments);
    for (size_t i = 0; i < size; i++) {
        if (i % y_stride >= shape->rows) {
            if (!isnan(values[i]))
                fail_msg("%s: wrote between the rows of y, at %zu", row->name, i);
            values[i] = 0;
        }
    }
    guarded_release(&act);
    guarded_release(&scratch);
    return (struct result){ y, size };
}

static void check_shape(const struct kernel_row *row, const struct kernel_row *reference, struct shape shape,
                        uint64_t seed)
{
    size_t block = format_table[row->format].block_values;
    shape.cols = (shape.cols + block - 1) / block * block;
    struct guarded w = random_weights(row->format, shape.rows, shape.cols, seed);
    struct guarded x = random_floats(shape.count * shape.cols, seed + 1);
    struct result want = run_row(reference, &shape, w.data, x.data);
    struct result got = run_row(row, &shape, w.data, x.data);
    double error = rms_error(got.y.data, want.y.data, got.count);
    /* A handful of sums can cancel to something small by chance, next to which rounding looks large. */
    double tolerance = row->tolerance * (shape.count * shape.rows < 64 ? 5 : 1);
    if (!(error <= tolerance))
        fail_msg("%s: count %zu rows %zu cols %zu: rms error %.3g > %.3g", row->name, shape.count, shape.rows,
                 shape.cols, error, tolerance);
    guarded_release(&w);
    guarded_release(&x);
    guarded_release(&want.y);
    guarded_release(&got.y);
}

static void test_rows_agree_with_scalar(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_MATMUL);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *row = &table.rows[i], *reference = row_reference(row);
        assert_non_null(reference);
        if (row == reference || !row_runs(row))
            continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            check_shape(row, reference, shapes[s], 100 * i + s);
    }
}

/* The reference itself, against f64 products of what dequantize says the weights are. Only the rounding of the
 * activations may differ, and that is avoided by small whole numbers with 127 in every group. */
static void test_scalar_is_the_definition(void **state)
{
    (void)state;
    const struct shape shape = { 3, 5, 512 };
    struct guarded x = guarded_alloc(shape.count * shape.cols * sizeof(float));
    struct rng rng;
    rng_seed(&rng, 7);
    for (size_t i = 0; i < shape.count * shape.cols; i++)
        ((float *)x.data)[i] = i % 32 == 0 ? 127 : (float)rng_below(&rng, 255) - 127;
    for (int format = 0; format < FORMAT_COUNT; format++) {
        struct guarded w = random_weights((enum tensor_format)format, shape.rows, shape.cols, 3);
        struct kernel_row key = { .op = OP_MATMUL, .format = (enum tensor_format)format };
        struct kernel_row dequantize_key = { .op = OP_DEQUANTIZE, .format = (enum tensor_format)format };
        struct result got = run_row(row_reference(&key), &shape, w.data, x.data);
        const float *values = got.y.data;
        for (size_t r = 0; r < shape.rows; r++) {
            float weights[512];
            row_reference(&dequantize_key)
                ->function.dequantize(
                    weights, (char *)w.data + r * format_row_bytes((enum tensor_format)format, shape.cols), shape.cols);
            for (size_t i = 0; i < shape.count; i++) {
                double want = 0, size = 0;
                for (size_t k = 0; k < shape.cols; k++) {
                    double product = (double)weights[k] * ((float *)x.data)[i * shape.cols + k];
                    want += product;
                    size += fabs(product);
                }
                assert_true(fabs(values[i * (shape.rows + 5) + r] - want) <= 1e-6 * size);
            }
        }
        guarded_release(&w);
        guarded_release(&got.y);
    }
    guarded_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalar_is_the_definition),
        cmocka_unit_test(test_rows_agree_with_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
