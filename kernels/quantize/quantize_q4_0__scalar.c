/* quantize_q4_0__scalar.c: blocks of 32, v = d (q - 8) with q in 0..15.
 *
 * The codes reach from -8 to 7, so the value of the largest magnitude gets the code -8 and d its opposite sign. */
#include "kernels/kernel.h"
#include "kernels/quantize/round.h"

quantize_function quantize_q4_0__scalar;

void quantize_q4_0__scalar(void *w, const float *x, size_t cols)
{
    struct block_q4_0 *block = w;
    for (; cols >= 32; cols -= 32, x += 32, block++) {
        block->d = float_to_half(row_extreme(x, 32) / -8.0f);
        float inverse = inverse_or_zero(half_to_float(block->d));
        for (size_t i = 0; i < 16; i++) {
            int32_t low = round_clamp(x[i] * inverse, -8, 7) + 8;
            int32_t high = round_clamp(x[i + 16] * inverse, -8, 7) + 8;
            block->q[i] = (uint8_t)(low | high << 4);
        }
    }
}
