/* dequantize_q5_1__scalar.c: q5_1 -> f32 in plain C; the reference of every kernel that reads q5_1. */
#include "kernels/kernel.h"
#include "kernels/dequantize/unpack.h"

dequantize_function dequantize_q5_1__scalar;

void dequantize_q5_1__scalar(float *y, const void *w, size_t cols)
{
    const struct block_q5_1 *block = w;
    for (size_t b = 0; b < cols / 32; b++, block++, y += 32) {
        float d = half_to_float(block->d), m = half_to_float(block->m);
        int8_t q[32];
        unpack_nibbles_bit4(q, block->q, block->qh, 0);
        for (int i = 0; i < 32; i++)
            y[i] = d * (float)q[i] + m;
    }
}
