/* dequantize_q5_0__avx2.c: q5_0 -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q5_0__avx2;

void dequantize_q5_0__avx2(float *y, const void *w, size_t cols)
{
    dequantize_q5_0(y, w, cols);
}
