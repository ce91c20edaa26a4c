/* dequantize_test.c: every dequantize row against the scalar row, and the scalar rows against blocks worked out by
 * hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "tests/support/kernel_support.h"

static void test_rows_agree_with_scalar(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_DEQUANTIZE);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *row = &table.rows[i], *reference = row_reference(row);
        assert_non_null(reference);
        if (row == reference || !row_runs(row))
            continue;
        size_t block = format_table[row->format].block_values;
        for (size_t blocks = 1; blocks <= 37; blocks += 3) {
            size_t cols = block * blocks;
            struct guarded w = random_weights(row->format, 1, cols, 50 * i + blocks);
            struct guarded want = guarded_alloc(cols * sizeof(float)), got = guarded_alloc(cols * sizeof(float));
            reference->function.dequantize(want.data, w.data, cols);
            row->function.dequantize(got.data, w.data, cols);
            double error = rms_error(got.data, want.data, cols);
            if (!(error <= row->tolerance))
                fail_msg("%s: cols %zu: rms error %.3g > %.3g", row->name, cols, error, row->tolerance);
            guarded_release(&w);
            guarded_release(&want);
            guarded_release(&got);
        }
    }
}

static void check(enum tensor_format format, const void *block, size_t at, float want)
{
    float values[256];
    struct kernel_row key = { .op = OP_DEQUANTIZE, .format = format };
    row_reference(&key)->function.dequantize(values, block, format_table[format].block_values);
    if (fabsf(values[at] - want) > 1e-6f)
        fail_msg("%s: value %zu is %g, not %g", format_table[format].name, at, (double)values[at], (double)want);
}

static void test_blocks_of_32(void **state)
{
    (void)state;
    const uint16_t half = float_to_half(0.5f), two = float_to_half(2);
    struct block_q8_0 q8_0 = { .d = half, .q = { [0] = -128, [31] = 127 } };
    check(FORMAT_Q8_0, &q8_0, 0, -64);
    check(FORMAT_Q8_0, &q8_0, 31, 63.5f);
    /* Byte 3 holds value 3 in its low and value 19 in its high nibble. */
    struct block_q4_0 q4_0 = { .d = half, .q = { [3] = 0x9f } };
    check(FORMAT_Q4_0, &q4_0, 3, 3.5f);
    check(FORMAT_Q4_0, &q4_0, 19, 0.5f);
    check(FORMAT_Q4_0, &q4_0, 4, -4);
    struct block_q4_1 q4_1 = { .d = half, .m = two, .q = { [15] = 0x2a } };
    check(FORMAT_Q4_1, &q4_1, 15, 7);
    check(FORMAT_Q4_1, &q4_1, 31, 3);
    /* Bit 9 and bit 25 of qh, the fifth bits of values 9 and 25. */
    struct block_q5_0 q5_0 = { .d = half, .qh = { 0, 2, 0, 2 }, .q = { [9] = 0x31 } };
    check(FORMAT_Q5_0, &q5_0, 9, 0.5f);
    check(FORMAT_Q5_0, &q5_0, 25, 1.5f);
    check(FORMAT_Q5_0, &q5_0, 10, -8);
    struct block_q5_1 q5_1 = { .d = half, .m = two, .qh = { 0, 2, 0, 0 }, .q = { [9] = 0x31 } };
    check(FORMAT_Q5_1, &q5_1, 9, 10.5f);
    check(FORMAT_Q5_1, &q5_1, 25, 3.5f);
}

static void test_blocks_of_256(void **state)
{
    (void)state;
    const uint16_t half = float_to_half(0.5f), quarter = float_to_half(0.25f);
    /* Group 1: scale 5, minimum 3. Group 6: scale 0x2d, minimum 0x16, whose upper two bits lie in bytes 2 and 6. */
    struct block_q4_K q4_K = { .d = half, .dmin = quarter };
    q4_K.scales[1] = 5;
    q4_K.scales[5] = 3;
    q4_K.scales[10] = 0x6d;
    q4_K.scales[2] = 0x80;
    q4_K.scales[6] = 0x40;
    q4_K.q[7] = 0xc0;       /* value 7 of group 1 */
    q4_K.q[96 + 31] = 0x0b; /* value 31 of group 6 */
    check(FORMAT_Q4_K, &q4_K, 32 + 7, 0.5f * 5 * 12 - 0.25f * 3);
    check(FORMAT_Q4_K, &q4_K, 192 + 31, 0.5f * 0x2d * 11 - 0.25f * 0x16);
    struct block_q5_K q5_K = { .d = half, .dmin = quarter };
    memcpy(q5_K.scales, q4_K.scales, sizeof q5_K.scales);
    memcpy(q5_K.q, q4_K.q, sizeof q5_K.q);
    q5_K.qh[7] = 1 << 1;
    q5_K.qh[31] = 1 << 6;
    check(FORMAT_Q5_K, &q5_K, 32 + 7, 0.5f * 5 * 28 - 0.25f * 3);
    check(FORMAT_Q5_K, &q5_K, 192 + 31, 0.5f * 0x2d * 27 - 0.25f * 0x16);
    /* Second half, third quarter, value 20: high nibble of ql[64 + 20], bits 4-5 of qh[32 + 20], scale 8 + 4 + 1. */
    struct block_q6_K q6_K = { .d = half };
    q6_K.scales[13] = -7;
    q6_K.ql[64 + 20] = 0x90;
    q6_K.qh[32 + 20] = 3 << 4;
    check(FORMAT_Q6_K, &q6_K, 128 + 64 + 20, 0.5f * -7 * (0x39 - 32));
    check(FORMAT_Q6_K, &q6_K, 128 + 64 + 21, 0.5f * -7 * -32);
    check(FORMAT_Q6_K, &q6_K, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_of_32),
        cmocka_unit_test(test_blocks_of_256),
        cmocka_unit_test(test_rows_agree_with_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
