/* dequantize_q5_K__scalar.c: q5_K -> f32 in plain C; the reference of every kernel that reads q5_K. */
#include "kernels/kernel.h"
#include "kernels/dequantize/unpack.h"

dequantize_function dequantize_q5_K__scalar;

void dequantize_q5_K__scalar(float *y, const void *w, size_t cols)
{
    const struct block_q5_K *block = w;
    for (size_t b = 0; b < cols / 256; b++, block++) {
        float d = half_to_float(block->d), dmin = half_to_float(block->dmin);
        int8_t q[256];
        unpack_q5_K(q, block);
        for (int group = 0; group < 8; group++, y += 32) {
            int sc, mn;
            k_scale_min(block->scales, group, &sc, &mn);
            float scale = d * (float)sc, minimum = dmin * (float)mn;
            for (int i = 0; i < 32; i++)
                y[i] = scale * (float)q[group * 32 + i] - minimum;
        }
    }
}
