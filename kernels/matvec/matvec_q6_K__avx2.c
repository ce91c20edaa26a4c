/* matvec_q6_K__avx2.c: y = W x, q6_K weights: a quarter of half a block fills a register and spans two groups of 16. */
#include "kernels/matvec/avx2.h"

matvec_function matvec_q6_K__avx2;

/* The eight scales of half a block times d and the scales of x, each of which serves two groups. */
AVX2_INLINE __m256 scales_of_half(const struct block_q6_K *block, const struct avx2_x256 *x, int half)
{
    __m128i bytes = _mm_loadl_epi64((const void *)(block->scales + 8 * half));
    __m256 d = _mm256_cvtph_ps(_mm_set1_epi16((int16_t)block->d));
    __m256 x_scale = _mm256_castps128_ps256(_mm_loadu_ps(x->scale + 4 * half));
    x_scale = _mm256_permutevar8x32_ps(x_scale, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
    return _mm256_mul_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)), d), x_scale);
}

AVX2_INLINE __m256 add_quarter(__m256 sums, __m256i q, int half, int quarter, __m256 scales, const struct avx2_x256 *x)
{
    int group = 4 * half + quarter;
    __m256i xq = _mm256_loadu_si256((const void *)(x->q + 32 * group));
    __m256i lanes = _mm256_setr_m128i(_mm_set1_epi32(2 * quarter), _mm_set1_epi32(2 * quarter + 1));
    __m256 scale = _mm256_permutevar8x32_ps(scales, lanes);
    return _mm256_fmadd_ps(avx2_dot(q, xq, x->offset[group]), scale, sums);
}

AVX2_INLINE __m256 step(__m256 sums, const uint8_t *block, const struct avx2_x256 *x)
{
    const struct block_q6_K *b = (const void *)block;
    const __m256i mask = _mm256_set1_epi8(15), mask_high = _mm256_set1_epi8(0x30);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        __m256 scales = scales_of_half(b, x, half);
        __m256i first = _mm256_loadu_si256((const void *)(b->ql + 64 * half));
        __m256i second = _mm256_loadu_si256((const void *)(b->ql + 64 * half + 32));
        __m256i qh = _mm256_loadu_si256((const void *)(b->qh + 32 * half));
        __m256i low[4] = { first, second, _mm256_srli_epi16(first, 4), _mm256_srli_epi16(second, 4) };
        __m256i high[4] = { _mm256_slli_epi16(qh, 4), _mm256_slli_epi16(qh, 2), qh, _mm256_srli_epi16(qh, 2) };
#pragma GCC unroll 4
        for (int quarter = 0; quarter < 4; quarter++) {
            __m256i q =
                _mm256_or_si256(_mm256_and_si256(low[quarter], mask), _mm256_and_si256(high[quarter], mask_high));
            sums = add_quarter(sums, q, half, quarter, scales, x);
        }
    }
    return sums;
}

void matvec_q6_K__avx2(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    avx2_matvec_256(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q6_K), 32, step);
}
