/* dequantize_q8_0__avx2.c: q8_0 -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q8_0__avx2;

void dequantize_q8_0__avx2(float *y, const void *w, size_t cols)
{
    dequantize_q8_0(y, w, cols);
}
