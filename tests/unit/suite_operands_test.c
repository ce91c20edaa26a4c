/* The check that stands before every timing of the kernels suite: correct rows pass, and a row that is wrong in one
 * value, or everywhere a little, does not. */
#include "suites/common/operands.c" /* suites are programs: nothing to link with */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* rows, cols, count, group for each operation. */
static struct kernel_shape small_shape(enum kernel_op op)
{
    switch (op) {
    case OP_ATTENTION: return (struct kernel_shape){ 70, 64, 3, 2 };
    case OP_MATMUL: return (struct kernel_shape){ 100, 512, 5, 0 };
    case OP_MATVEC:
    case OP_ACT:
    case OP_DEQUANTIZE:
    case OP_QUANTIZE: return (struct kernel_shape){ 70, 512, 1, 0 };
    default: return (struct kernel_shape){ 0, 64, 3, 0 };
    }
}

static void test_rows_that_run_here_pass(void **state)
{
    (void)state;
    struct cpu_info cpu;
    struct operands_stream stream = { 0 };
    size_t checked = 0;
    cpu_detect(&cpu);
    for (int op = 0; op < OP_COUNT; op++) {
        struct kernel_table table = kernel_table((enum kernel_op)op);
        struct kernel_shape shape = small_shape((enum kernel_op)op);
        for (size_t i = 0; i < table.count; i++) {
            struct operands operands;
            struct error error;
            if (table.rows[i].needs & ~cpu.features)
                continue;
            if (operands_prepare(&operands, &table.rows[i], &shape, &stream, 1 << 16, &error))
                fail_msg("%s: %s", table.rows[i].name, error.text);
            struct operands_error difference = operands_check(&operands);
            if (!(difference.rms <= table.rows[i].tolerance))
                fail_msg("%s: rms %g, tolerance %g", table.rows[i].name, difference.rms, table.rows[i].tolerance);
            assert_true(difference.max >= difference.rms);
            operands_release(&operands);
            checked++;
        }
    }
    assert_true(checked > OP_COUNT);
    operands_stream_release(&stream);
}

static void one_wrong_value(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    kernel_find("matvec_f32__scalar")->function.matvec(y, w, w_row_bytes, act, rows, cols);
    y[rows - 1] += 100;
}

static void nan_value(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    kernel_find("matvec_f32__scalar")->function.matvec(y, w, w_row_bytes, act, rows, cols);
    y[rows / 2] = NAN;
}

/* Leaves out the last token of the last weight rows. */
static void corner_missing(const struct matmul_arguments *arguments)
{
    kernel_find("matmul_f32__scalar")->function.matmul(arguments);
    for (size_t r = arguments->rows - 8; r < arguments->rows; r++)
        arguments->y[(arguments->count - 1) * arguments->y_stride + r] = 0;
}

static struct operands_error check_row(const struct kernel_row *row)
{
    struct operands_stream stream = { 0 };
    struct operands operands;
    struct kernel_shape shape = small_shape(row->op);
    assert_int_equal(operands_prepare(&operands, row, &shape, &stream, 0, NULL), 0);
    struct operands_error difference = operands_check(&operands);
    operands_release(&operands);
    operands_stream_release(&stream);
    return difference;
}

static void test_wrong_rows_fail(void **state)
{
    (void)state;
    const struct kernel_row wrong[] = {
        { .name = "a", .op = OP_MATVEC, .needs = 1, .function.matvec = one_wrong_value },
        { .name = "b", .op = OP_MATVEC, .needs = 1, .function.matvec = nan_value },
        { .name = "c", .op = OP_MATMUL, .needs = 1, .function.matmul = corner_missing },
    };
    for (size_t i = 0; i < 3; i++) {
        struct operands_error difference = check_row(&wrong[i]);
        if (!(difference.rms > 1e-2 && difference.max > 1e-1))
            fail_msg("%s: rms %g, max %g", wrong[i].name, difference.rms, difference.max);
    }
}

/* The copies hold the same weights and are as many as asked for. */
static void test_copies(void **state)
{
    (void)state;
    struct operands_stream stream = { 0 };
    struct operands operands;
    struct kernel_shape shape = small_shape(OP_MATVEC);
    const struct kernel_row *row = kernel_find("matvec_q8_0__scalar");
    assert_int_equal(operands_prepare(&operands, row, &shape, &stream, 1 << 20, NULL), 0);
    assert_true(operands.copy_count * operands.copy_bytes >= 1 << 20);
    assert_true((operands.copy_count - 1) * operands.copy_bytes < 1 << 20);
    for (size_t i = 1; i < operands.copy_count; i++)
        assert_memory_equal(operands.copies + i * operands.copy_bytes, operands.copies,
                            shape.rows * operands.w_row_bytes);
    operands_call_of(OP_MATVEC)(&operands, operands.copy_count - 1);
    operands_release(&operands);
    operands_stream_release(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_run_here_pass),
        cmocka_unit_test(test_wrong_rows_fail),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
