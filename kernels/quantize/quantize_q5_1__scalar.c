/* quantize_q5_1__scalar.c: blocks of 32, v = d q + m with q in 0..31; m is the block's minimum, the fifth bits lie
 * together in qh. */
#include "kernels/kernel.h"
#include "kernels/quantize/round.h"

quantize_function quantize_q5_1__scalar;

void quantize_q5_1__scalar(void *w, const float *x, size_t cols)
{
    struct block_q5_1 *block = w;
    for (; cols >= 32; cols -= 32, x += 32, block++) {
        float minimum = row_minimum(x, 32);
        block->d = float_to_half((row_maximum(x, 32) - minimum) / 31.0f);
        block->m = float_to_half(minimum);
        float inverse = inverse_or_zero(half_to_float(block->d));
        float base = half_to_float(block->m);
        uint32_t high_bits = 0;
        for (size_t i = 0; i < 16; i++) {
            uint32_t low = (uint32_t)round_clamp((x[i] - base) * inverse, 0, 31);
            uint32_t high = (uint32_t)round_clamp((x[i + 16] - base) * inverse, 0, 31);
            block->q[i] = (uint8_t)((low & 15) | (high & 15) << 4);
            high_bits |= (low >> 4) << i | (high >> 4) << (i + 16);
        }
        for (size_t i = 0; i < 4; i++)
            block->qh[i] = (uint8_t)(high_bits >> (8 * i));
    }
}
