/* act_q8__scalar.c: f32 -> 8 bits with a scale per 32, in plain C. */
#include "kernels/act/act.h"
#include "kernels/kernel.h"
#include <math.h>

static float group_scale(const float *x, size_t count)
{
    uint32_t max_bits = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = act_magnitude_bits(x[i]);
        max_bits = bits > max_bits ? bits : max_bits;
    }
    return act_scale(max_bits);
}

static void quantize_group(int8_t q[32], const float *x, size_t count, float scale)
{
    float inverse = act_inverse(scale);
    for (size_t i = 0; i < 32; i++)
        q[i] = i < count && inverse != 0 ? (int8_t)lrintf(x[i] * inverse) : 0;
}

act_function act_q8__scalar;

void act_q8__scalar(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        int8_t *q = (int8_t *)dst + row * act_row_bytes(ACT_Q8, cols);
        float *scales = act_scales(q, padded);
        int32_t *sums = act_sums(q, padded);
        for (size_t group = 0; group < padded / 32; group++) {
            size_t start = group * 32, count = start >= cols ? 0 : cols - start < 32 ? cols - start : 32;
            scales[group] = group_scale(x + (count ? start : 0), count);
            quantize_group(q + start, x + (count ? start : 0), count, scales[group]);
            for (size_t half = 0; half < 2; half++) {
                int32_t sum = 0;
                for (size_t i = 0; i < 16; i++)
                    sum += q[start + half * 16 + i];
                sums[group * 2 + half] = sum;
            }
        }
    }
}
