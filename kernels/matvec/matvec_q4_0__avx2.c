/* matvec_q4_0__avx2.c: y = W x, q4_0 weights: one block fills a register. */
#include "kernels/matvec/avx2.h"

matvec_function matvec_q4_0__avx2;

AVX2_INLINE __m256 step(__m256 sums, const uint8_t *block, const struct avx2_x *x)
{
    __m256 dot = avx2_dot(avx2_nibbles(block + 2), x->q, x->offset);
    return _mm256_fmadd_ps(dot, avx2_scale(block, x), sums);
}

void matvec_q4_0__avx2(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    avx2_matvec_32(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q4_0), 8, step);
}
