/* dequantize_q8_0__avx512.c: q8_0 -> f32, AVX-512. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_q8_0__avx512;

void dequantize_q8_0__avx512(float *y, const void *w, size_t cols)
{
    dequantize_q8_0(y, w, cols);
}
