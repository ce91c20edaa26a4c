/* dequantize_bf16__avx512.c: bf16 -> f32, AVX-512. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_bf16__avx512;

void dequantize_bf16__avx512(float *y, const void *w, size_t cols)
{
    dequantize_bf16(y, w, cols);
}
