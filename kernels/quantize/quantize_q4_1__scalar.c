/* quantize_q4_1__scalar.c: blocks of 32, v = d q + m with q in 0..15; m is the block's minimum. */
#include "kernels/kernel.h"
#include "kernels/quantize/round.h"

quantize_function quantize_q4_1__scalar;

void quantize_q4_1__scalar(void *w, const float *x, size_t cols)
{
    struct block_q4_1 *block = w;
    for (; cols >= 32; cols -= 32, x += 32, block++) {
        float minimum = row_minimum(x, 32);
        block->d = float_to_half((row_maximum(x, 32) - minimum) / 15.0f);
        block->m = float_to_half(minimum);
        float inverse = inverse_or_zero(half_to_float(block->d));
        float base = half_to_float(block->m);
        for (size_t i = 0; i < 16; i++) {
            int32_t low = round_clamp((x[i] - base) * inverse, 0, 15);
            int32_t high = round_clamp((x[i + 16] - base) * inverse, 0, 15);
            block->q[i] = (uint8_t)(low | high << 4);
        }
    }
}
