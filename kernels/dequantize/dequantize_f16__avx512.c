/* dequantize_f16__avx512.c: f16 -> f32, AVX-512. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_f16__avx512;

void dequantize_f16__avx512(float *y, const void *w, size_t cols)
{
    dequantize_f16(y, w, cols);
}
