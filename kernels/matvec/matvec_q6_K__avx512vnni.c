/* matvec_q6_K__avx512vnni.c: y = W x, q6_K weights: half a block is two registers of natural order. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q6_K__avx512vnni;

VNNI_INLINE struct vnni_x256 prepare(const int8_t *q, const float *scale, const int32_t *sum)
{
    (void)sum;
    struct vnni_x256 x;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        x.q[i] = _mm512_loadu_si512(q + 64 * i);
        x.start[i] = vnni_start(32, x.q[i], _mm512_setzero_si512());
    }
    const __m512i repeat2 = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    x.scale = _mm512_permutexvar_ps(repeat2, _mm512_castps256_ps512(_mm256_loadu_ps(scale)));
    return x;
}

/* sums += 64 values, groups 4 i .. 4 i + 3. */
VNNI_INLINE __m512 add64(__m512 sums, __m512i nibbles, __m512i high, int i, const struct vnni_x256 *x, __m512 scales)
{
    __m512i q = _mm512_ternarylogic_epi32(nibbles, high, _mm512_set1_epi8(0x30), 0xf8); /* nibbles | (high & 0x30) */
    __m512i dot = _mm512_dpbusd_epi32(x->start[i], q, x->q[i]);
    __m512i group = _mm512_add_epi32(vnni_repeat4(), _mm512_set1_epi32(4 * i));
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_permutexvar_ps(group, scales), sums);
}

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *bytes, const struct vnni_x256 *x)
{
    const struct block_q6_K *block = (const void *)bytes;
    __m512 scales = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)block->scales)));
    __m512 d = _mm512_cvtph_ps(_mm256_set1_epi16((int16_t)block->d));
    scales = _mm512_mul_ps(_mm512_mul_ps(scales, d), x->scale);
    /* Quarters 0 and 1 of a half want bits 0-1 and 2-3 of qh at bits 4-5, quarters 2 and 3 bits 4-5 and 6-7. */
    const __m512i left = _mm512_setr_epi64(4, 4, 4, 4, 2, 2, 2, 2), right = _mm512_setr_epi64(0, 0, 0, 0, 2, 2, 2, 2);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        __m512i low = _mm512_loadu_si512(block->ql + 64 * half);
        __m512i qh = _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)(block->qh + 32 * half)));
        sums = add64(sums, vnni_low_nibbles(low), _mm512_sllv_epi64(qh, left), 2 * half, x, scales);
        sums = add64(sums, vnni_high_nibbles(low), _mm512_srlv_epi64(qh, right), 2 * half + 1, x, scales);
    }
    return sums;
}

void matvec_q6_K__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_256(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q6_K), prepare, step);
}
