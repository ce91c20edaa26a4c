/* matvec_q5_0__avx2.c: y = W x, q5_0 weights: as q4_0, with the fifth bits spread to bytes. */
#include "kernels/matvec/avx2.h"

matvec_function matvec_q5_0__avx2;

AVX2_INLINE __m256 step(__m256 sums, const uint8_t *block, const struct avx2_x *x)
{
    __m256i q = _mm256_or_si256(avx2_nibbles(block + 6), avx2_fifth_bits(block + 2));
    __m256 dot = avx2_dot(q, x->q, x->offset);
    return _mm256_fmadd_ps(dot, avx2_scale(block, x), sums);
}

void matvec_q5_0__avx2(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    avx2_matvec_32(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q5_0), 16, step);
}
