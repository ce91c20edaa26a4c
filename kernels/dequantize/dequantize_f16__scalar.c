/* dequantize_f16__scalar.c: f16 -> f32 in plain C; the reference of every kernel that reads f16. */
#include "kernels/kernel.h"

dequantize_function dequantize_f16__scalar;

void dequantize_f16__scalar(float *y, const void *w, size_t cols)
{
    const uint16_t *x = w;
    for (size_t i = 0; i < cols; i++)
        y[i] = half_to_float(x[i]);
}
