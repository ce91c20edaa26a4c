/* dequantize_q6_K__scalar.c: q6_K -> f32 in plain C; the reference of every kernel that reads q6_K. */
#include "kernels/kernel.h"
#include "kernels/dequantize/unpack.h"

dequantize_function dequantize_q6_K__scalar;

void dequantize_q6_K__scalar(float *y, const void *w, size_t cols)
{
    const struct block_q6_K *block = w;
    for (size_t b = 0; b < cols / 256; b++, block++) {
        float d = half_to_float(block->d);
        int8_t q[256];
        unpack_q6_K(q, block);
        for (int group = 0; group < 16; group++, y += 16) {
            float scale = d * (float)block->scales[group];
            for (int i = 0; i < 16; i++)
                y[i] = scale * (float)q[group * 16 + i];
        }
    }
}
