/* dequantize_q4_1__avx2.c: q4_1 -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q4_1__avx2;

void dequantize_q4_1__avx2(float *y, const void *w, size_t cols)
{
    dequantize_q4_1(y, w, cols);
}
