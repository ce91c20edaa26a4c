/* dequantize_f16__avx2.c: f16 -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_f16__avx2;

void dequantize_f16__avx2(float *y, const void *w, size_t cols)
{
    dequantize_f16(y, w, cols);
}
