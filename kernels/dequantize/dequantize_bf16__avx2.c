/* dequantize_bf16__avx2.c: bf16 -> f32, AVX2. */
#include "kernels/kernel.h"
#include "kernels/dequantize/vector.h"

dequantize_function dequantize_bf16__avx2;

void dequantize_bf16__avx2(float *y, const void *w, size_t cols)
{
    dequantize_bf16(y, w, cols);
}
