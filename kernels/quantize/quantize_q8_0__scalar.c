/* quantize_q8_0__scalar.c: blocks of 32, v = d q with q in -127..127. */
#include "kernels/kernel.h"
#include "kernels/quantize/round.h"

quantize_function quantize_q8_0__scalar;

void quantize_q8_0__scalar(void *w, const float *x, size_t cols)
{
    struct block_q8_0 *block = w;
    for (; cols >= 32; cols -= 32, x += 32, block++) {
        float extreme = row_extreme(x, 32);
        block->d = float_to_half((extreme < 0 ? -extreme : extreme) / 127.0f);
        float inverse = inverse_or_zero(half_to_float(block->d));
        for (size_t i = 0; i < 32; i++)
            block->q[i] = (int8_t)round_clamp(x[i] * inverse, -127, 127);
    }
}
