/* formats_test.c: 16-bit floats, the format table, the 6-bit scales. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "kernels/formats.h"

static void test_known_halves(void **state)
{
    (void)state;
    static const struct {
        uint16_t half;
        float value;
    } known[] = {
        { 0x0000, 0.0f },     { 0x3c00, 1.0f },      { 0xc000, -2.0f },        { 0x7bff, 65504.0f },
        { 0x0400, 0x1p-14f }, { 0x0001, 0x1p-24f },  { 0x03ff, 0x1.ff8p-15f }, { 0x3555, 0x1.554p-2f },
        { 0x7c00, INFINITY }, { 0xfc00, -INFINITY },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(half_to_float(known[i].half) == known[i].value);
        assert_int_equal(float_to_half(known[i].value), known[i].half);
    }
    assert_true(signbit(half_to_float(0x8000)));
    assert_true(isnan(half_to_float(0x7e01)));
    assert_true(isnan(half_to_float(float_to_half(NAN))));
}

static void test_every_half_survives_f32(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x10000; half++) {
        float value = half_to_float((uint16_t)half);
        if (!isnan(value))
            assert_int_equal(float_to_half(value), half);
    }
}

/* Halfway between two neighbours goes to the even one; a hair more or less goes to the nearer. */
static void test_halves_round_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x7bff; half++) {
        float low = half_to_float((uint16_t)half), high = half_to_float((uint16_t)(half + 1));
        float middle = (low + high) / 2;
        assert_int_equal(float_to_half(middle), half + (half & 1));
        assert_int_equal(float_to_half(nextafterf(middle, 0)), half);
        assert_int_equal(float_to_half(nextafterf(middle, INFINITY)), half + 1);
    }
    assert_int_equal(float_to_half(65519.9f), 0x7bff);
    assert_int_equal(float_to_half(65520.0f), 0x7c00);
}

static void test_bf16(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x7f80; bits++) {
        float low = bf16_to_float((uint16_t)bits), high = bf16_to_float((uint16_t)(bits + 1));
        assert_int_equal(float_to_bf16(low), bits);
        if (!isinf(high))
            assert_int_equal(float_to_bf16(low + (high - low) / 2), bits + (bits & 1));
    }
    assert_true(isnan(bf16_to_float(float_to_bf16(NAN))));
    assert_true(isinf(bf16_to_float(float_to_bf16(0x1.fffffep127f))));
}

static void test_table_is_complete(void **state)
{
    (void)state;
    for (int format = 0; format < FORMAT_COUNT; format++) {
        const struct format_info *info = &format_table[format];
        assert_int_equal(format_from_gguf(info->gguf_type), format);
        assert_int_equal(format_from_name(info->name), format);
        assert_true(info->block_bytes > 0 && info->block_values > 0);
    }
    assert_int_equal(format_from_gguf(9999), FORMAT_COUNT);
    assert_int_equal(format_from_name("q3_K"), FORMAT_COUNT);
    assert_int_equal(format_from_name("Q4_k"), FORMAT_Q4_K);
    assert_int_equal(format_row_bytes(FORMAT_Q6_K, 512), 420);
}

/* Packs known scales the way the format says and reads them back. */
static void test_k_scales(void **state)
{
    (void)state;
    uint8_t packed[12] = { 0 };
    int sc[8] = { 1, 63, 17, 32, 45, 5, 62, 33 }, mn[8] = { 9, 0, 63, 31, 16, 48, 15, 58 };
    for (int g = 0; g < 4; g++) {
        packed[g] = (uint8_t)(sc[g] | (sc[g + 4] >> 4 << 6));
        packed[g + 4] = (uint8_t)(mn[g] | (mn[g + 4] >> 4 << 6));
        packed[g + 8] = (uint8_t)((sc[g + 4] & 15) | (mn[g + 4] & 15) << 4);
    }
    for (int g = 0; g < 8; g++) {
        int scale, min;
        k_scale_min(packed, g, &scale, &min);
        assert_int_equal(scale, sc[g]);
        assert_int_equal(min, mn[g]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_halves),
        cmocka_unit_test(test_every_half_survives_f32),
        cmocka_unit_test(test_halves_round_to_nearest_even),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_table_is_complete),
        cmocka_unit_test(test_k_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
