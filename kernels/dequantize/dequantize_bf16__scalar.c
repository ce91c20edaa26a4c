/* dequantize_bf16__scalar.c: bf16 -> f32 in plain C; the reference of every kernel that reads bf16. */
#include "kernels/kernel.h"

dequantize_function dequantize_bf16__scalar;

void dequantize_bf16__scalar(float *y, const void *w, size_t cols)
{
    const uint16_t *x = w;
    for (size_t i = 0; i < cols; i++)
        y[i] = bf16_to_float(x[i]);
}
