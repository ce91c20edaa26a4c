/* matvec_q5_K__avx2.c: y = W x, q5_K weights: as q4_K; bit g of qh is the fifth bit of group g. */
#include "kernels/matvec/avx2.h"

matvec_function matvec_q5_K__avx2;

/* 16 in each byte of which qh has bit group. */
AVX2_INLINE __m256i fifth_bits(__m256i qh, int group)
{
    __m256i moved = group < 4 ? _mm256_slli_epi16(qh, 4 - group) : _mm256_srli_epi16(qh, group - 4);
    return _mm256_and_si256(moved, _mm256_set1_epi8(16));
}

AVX2_INLINE __m256 step(__m256 sums, const uint8_t *block, const struct avx2_x256 *x)
{
    const struct block_q5_K *b = (const void *)block;
    const __m256i mask = _mm256_set1_epi8(15);
    __m256i qh = _mm256_loadu_si256((const void *)b->qh);
    __m256 scales = avx2_k_scales(&sums, block, x);
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; pair++) {
        __m256i bytes = _mm256_loadu_si256((const void *)(b->q + 32 * pair));
        __m256i low = _mm256_or_si256(_mm256_and_si256(bytes, mask), fifth_bits(qh, 2 * pair));
        __m256i high =
            _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask), fifth_bits(qh, 2 * pair + 1));
        sums = avx2_k_add(sums, low, 2 * pair, scales, x);
        sums = avx2_k_add(sums, high, 2 * pair + 1, scales, x);
    }
    return sums;
}

void matvec_q5_K__avx2(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    avx2_matvec_256(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q5_K), 0, step);
}
