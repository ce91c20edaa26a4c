/* dequantize_q5_1__avx2.c: q5_1 -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q5_1__avx2;

void dequantize_q5_1__avx2(float *y, const void *w, size_t cols)
{
    dequantize_q5_1(y, w, cols);
}
