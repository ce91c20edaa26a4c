/* dequantize_q4_0__scalar.c: q4_0 -> f32 in plain C; the reference of every kernel that reads q4_0. */
#include "kernels/kernel.h"
#include "kernels/dequantize/unpack.h"

dequantize_function dequantize_q4_0__scalar;

void dequantize_q4_0__scalar(float *y, const void *w, size_t cols)
{
    const struct block_q4_0 *block = w;
    for (size_t b = 0; b < cols / 32; b++, block++, y += 32) {
        float d = half_to_float(block->d);
        int8_t q[32];
        unpack_nibbles(q, block->q, 8);
        for (int i = 0; i < 32; i++)
            y[i] = d * (float)q[i];
    }
}
