/* matvec_f16__avx2.c: y = W x, f16 weights and f32 activations, AVX2. */
#include "kernels/matvec/float.h"

matvec_function matvec_f16__avx2;

void matvec_f16__avx2(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    float_matvec(y, w, w_row_bytes, act, rows, cols, FORMAT_F16);
}
