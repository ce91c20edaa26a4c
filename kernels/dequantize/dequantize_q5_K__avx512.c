/* dequantize_q5_K__avx512.c: q5_K -> f32, AVX-512. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q5_K__avx512;

void dequantize_q5_K__avx512(float *y, const void *w, size_t cols)
{
    dequantize_q5_K(y, w, cols);
}
