/* formats.c: the table of tensor formats, and the scalar conversions of 16-bit floats. */
#include "kernels/formats.h"
#include <string.h>
#include <strings.h>

/* Type numbers: ggml-org/ggml docs/gguf.md. */
const struct format_info format_table[FORMAT_COUNT] = {
    [FORMAT_F32] = { "f32", 0, 1, 4 },
    [FORMAT_F16] = { "f16", 1, 1, 2 },
    [FORMAT_BF16] = { "bf16", 30, 1, 2 },
    [FORMAT_Q8_0] = { "q8_0", 8, 32, sizeof(struct block_q8_0) },
    [FORMAT_Q4_0] = { "q4_0", 2, 32, sizeof(struct block_q4_0) },
    [FORMAT_Q4_1] = { "q4_1", 3, 32, sizeof(struct block_q4_1) },
    [FORMAT_Q5_0] = { "q5_0", 6, 32, sizeof(struct block_q5_0) },
    [FORMAT_Q5_1] = { "q5_1", 7, 32, sizeof(struct block_q5_1) },
    [FORMAT_Q4_K] = { "q4_K", 12, 256, sizeof(struct block_q4_K) },
    [FORMAT_Q5_K] = { "q5_K", 13, 256, sizeof(struct block_q5_K) },
    [FORMAT_Q6_K] = { "q6_K", 14, 256, sizeof(struct block_q6_K) },
};

enum tensor_format format_from_gguf(uint32_t gguf_type)
{
    int format = 0;
    while (format < FORMAT_COUNT && format_table[format].gguf_type != gguf_type)
        format++;
    return (enum tensor_format)format;
}

enum tensor_format format_from_name(const char *name)
{
    int format = 0;
    while (format < FORMAT_COUNT && strcasecmp(format_table[format].name, name) != 0)
        format++;
    return (enum tensor_format)format;
}

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float bits_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 31;
    uint32_t mantissa = half & 0x3ff;
    if (exponent == 31) /* infinity; a NaN becomes quiet, as VCVTPH2PS does */
        return bits_float(sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x400000 : 0));
    if (exponent == 0) { /* zero or subnormal: mantissa * 2^-24, exact in f32 */
        float magnitude = (float)mantissa * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return bits_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

/* Shifts right by count bits (1..31), rounding to nearest, ties to even. */
static uint32_t shift_round(uint32_t value, uint32_t count)
{
    uint32_t half = 1u << (count - 1);
    uint32_t odd = (value >> count) & 1;
    return (value + half - 1 + odd) >> count;
}

uint16_t float_to_half(float value)
{
    uint32_t bits = float_bits(value);
    uint32_t sign = (bits >> 16) & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    uint32_t half;
    if (magnitude > 0x7f800000)
        half = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    else if (magnitude >= 0x477ff000) /* 65520 and above round to infinity */
        half = 0x7c00;
    else if (magnitude >= 0x38800000) /* normal: a carry out of the mantissa raises the exponent, which is right */
        half = shift_round(magnitude - 0x38000000, 13);
    else if (magnitude >= 0x33000000) /* subnormal */
        half = shift_round((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >> 23));
    else
        half = 0;
    return (uint16_t)(sign | half);
}

uint16_t float_to_bf16(float value)
{
    uint32_t bits = float_bits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) /* rounding could turn a NaN into infinity: keep it, quiet */
        return (uint16_t)((bits >> 16) | 0x40);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
