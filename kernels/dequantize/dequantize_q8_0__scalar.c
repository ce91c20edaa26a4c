/* dequantize_q8_0__scalar.c: q8_0 -> f32 in plain C; the reference of every kernel that reads q8_0. */
#include "kernels/kernel.h"

dequantize_function dequantize_q8_0__scalar;

void dequantize_q8_0__scalar(float *y, const void *w, size_t cols)
{
    const struct block_q8_0 *block = w;
    for (size_t b = 0; b < cols / 32; b++, block++, y += 32) {
        float d = half_to_float(block->d);
        const int8_t *q = block->q;
        for (int i = 0; i < 32; i++)
            y[i] = d * (float)q[i];
    }
}
