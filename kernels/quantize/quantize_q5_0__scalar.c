/* quantize_q5_0__scalar.c: blocks of 32, v = d (q - 16) with q in 0..31; the fifth bits lie together in qh.
 *
 * The codes reach from -16 to 15, so the value of the largest magnitude gets the code -16 and d its opposite sign. */
#include "kernels/kernel.h"
#include "kernels/quantize/round.h"

quantize_function quantize_q5_0__scalar;

void quantize_q5_0__scalar(void *w, const float *x, size_t cols)
{
    struct block_q5_0 *block = w;
    for (; cols >= 32; cols -= 32, x += 32, block++) {
        block->d = float_to_half(row_extreme(x, 32) / -16.0f);
        float inverse = inverse_or_zero(half_to_float(block->d));
        uint32_t high_bits = 0;
        for (size_t i = 0; i < 16; i++) {
            uint32_t low = (uint32_t)(round_clamp(x[i] * inverse, -16, 15) + 16);
            uint32_t high = (uint32_t)(round_clamp(x[i + 16] * inverse, -16, 15) + 16);
            block->q[i] = (uint8_t)((low & 15) | (high & 15) << 4);
            high_bits |= (low >> 4) << i | (high >> 4) << (i + 16);
        }
        for (size_t i = 0; i < 4; i++)
            block->qh[i] = (uint8_t)(high_bits >> (8 * i));
    }
}
