/* dequantize_q6_K__avx2.c: q6_K -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q6_K__avx2;

void dequantize_q6_K__avx2(float *y, const void *w, size_t cols)
{
    dequantize_q6_K(y, w, cols);
}
