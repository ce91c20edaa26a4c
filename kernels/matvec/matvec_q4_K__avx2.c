/* matvec_q4_K__avx2.c: y = W x, q4_K weights: one group of 32 fills a register. */
#include "kernels/matvec/avx2.h"

matvec_function matvec_q4_K__avx2;

AVX2_INLINE __m256 step(__m256 sums, const uint8_t *block, const struct avx2_x256 *x)
{
    const struct block_q4_K *b = (const void *)block;
    const __m256i mask = _mm256_set1_epi8(15);
    __m256 scales = avx2_k_scales(&sums, block, x);
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; pair++) {
        __m256i bytes = _mm256_loadu_si256((const void *)(b->q + 32 * pair));
        sums = avx2_k_add(sums, _mm256_and_si256(bytes, mask), 2 * pair, scales, x);
        sums = avx2_k_add(sums, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask), 2 * pair + 1, scales, x);
    }
    return sums;
}

void matvec_q4_K__avx2(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    avx2_matvec_256(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q4_K), 0, step);
}
