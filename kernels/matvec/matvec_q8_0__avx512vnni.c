/* matvec_q8_0__avx512vnni.c: y = W x, q8_0 weights: two blocks fill a register. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q8_0__avx512vnni;

VNNI_INLINE struct vnni_x prepare(const int8_t *q, const float *scale, const int32_t *sum, size_t blocks)
{
    (void)sum;
    return vnni_prepare_plain(q, scale, blocks, 128);
}

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *blocks, const struct vnni_x *x)
{
    const size_t size = sizeof(struct block_q8_0);
    __m128i halves = _mm_cvtsi32_si128(*(const uint16_t *)(const void *)blocks);
    halves = _mm_insert_epi16(halves, *(const int16_t *)(const void *)(blocks + size), 1);
    halves = _mm_insert_epi16(halves, *(const int16_t *)(const void *)(blocks + 2 * size), 2);
    halves = _mm_insert_epi16(halves, *(const int16_t *)(const void *)(blocks + 3 * size), 3);
    __m512 scales = _mm512_mul_ps(_mm512_castps128_ps512(_mm_cvtph_ps(halves)), x->scale);
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++, blocks += 2 * size) {
        __m256i low = _mm256_loadu_si256((const void *)(blocks + 2));
        __m256i high = _mm256_loadu_si256((const void *)(blocks + 2 + size));
        __m512i q = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
        q = _mm512_xor_si512(q, _mm512_set1_epi8((char)128));
        __m512i dot = _mm512_dpbusd_epi32(x->start[i], q, x->q[i]);
        __m512i repeat8 = _mm512_inserti64x4(_mm512_set1_epi32(2 * i), _mm256_set1_epi32(2 * i + 1), 1);
        sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_permutexvar_ps(repeat8, scales), sums);
    }
    return sums;
}

void matvec_q8_0__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_32(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q8_0), prepare, step);
}
