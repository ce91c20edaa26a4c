/* matvec_q4_1__avx512vnni.c: y = W x, q4_1 weights: four blocks a step; the minima meet only the sums of x. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q4_1__avx512vnni;

VNNI_INLINE struct vnni_x prepare(const int8_t *q, const float *scale, const int32_t *sum, size_t blocks)
{
    return vnni_prepare_halves(q, scale, sum, blocks, 0);
}

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *blocks, const struct vnni_x *x)
{
    __m512i bytes = vnni_load_nibbles(blocks, sizeof(struct block_q4_1), 4);
    __m512i low = vnni_low_nibbles(bytes), high = vnni_high_nibbles(bytes);
    __m512i dot = _mm512_dpbusd_epi32(x->start[0], low, x->q[0]);
    dot = _mm512_dpbusd_epi32(dot, high, x->q[1]);
    /* d and m of all four blocks lie in the first 64 bytes. */
    const __m128i take = _mm_setr_epi16(VNNI_WORD(0), VNNI_WORD(20), VNNI_WORD(40), VNNI_WORD(60), VNNI_WORD(2),
                                        VNNI_WORD(22), VNNI_WORD(42), VNNI_WORD(62));
    __m512i heads = _mm512_permutexvar_epi8(_mm512_castsi128_si512(take), _mm512_loadu_si512(blocks));
    __m512 scales = vnni_scales_and_minima(&sums, heads, x);
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scales, sums);
}

void matvec_q4_1__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_32(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q4_1), prepare, step);
}
