/* matvec_bf16__avx512.c: y = W x, bf16 weights and f32 activations, AVX-512. */
#include "kernels/matvec/float.h"

matvec_function matvec_bf16__avx512;

void matvec_bf16__avx512(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    float_matvec(y, w, w_row_bytes, act, rows, cols, FORMAT_BF16);
}
