/* round.h: rounding and extremes, shared by the quantizers; inline so that their loops vectorize. */
#ifndef PRONY_KERNELS_QUANTIZE_ROUND_H
#define PRONY_KERNELS_QUANTIZE_ROUND_H

#include <stddef.h>
#include <stdint.h>

/* x to the nearest integer, ties to even, cut to [low, high]; |low|, |high| < 2^21. Clamping before the rounding keeps
 * huge values and NaN (which gives low) away from the trick: adding 1.5 * 2^23 leaves the integer in the low bits. */
static inline int32_t round_clamp(float x, int32_t low, int32_t high)
{
    float cut = x > (float)low ? x : (float)low;
    cut = cut < (float)high ? cut : (float)high;
    union {
        float f;
        uint32_t u;
    } bits = { .f = cut + 12582912.0f };
    return (int32_t)(bits.u & 0x7fffffu) - 0x400000;
}

static inline float inverse_or_zero(float x)
{
    return x != 0.0f ? 1.0f / x : 0.0f;
}

static inline float row_minimum(const float *x, size_t count)
{
    float result = x[0];
    for (size_t i = 1; i < count; i++)
        result = x[i] < result ? x[i] : result;
    return result;
}

static inline float row_maximum(const float *x, size_t count)
{
    float result = x[0];
    for (size_t i = 1; i < count; i++)
        result = x[i] > result ? x[i] : result;
    return result;
}

/* The value of the largest magnitude, with its sign; the positive one if both are equal. */
static inline float row_extreme(const float *x, size_t count)
{
    float low = row_minimum(x, count);
    float high = row_maximum(x, count);
    return high >= -low ? high : low;
}

#endif
