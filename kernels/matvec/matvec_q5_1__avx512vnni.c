/* matvec_q5_1__avx512vnni.c: y = W x, q5_1 weights: four blocks a step; fifth bits as in q5_0, minima as in q4_1. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q5_1__avx512vnni;

VNNI_INLINE struct vnni_x prepare(const int8_t *q, const float *scale, const int32_t *sum, size_t blocks)
{
    return vnni_prepare_halves(q, scale, sum, blocks, 0);
}

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *blocks, const struct vnni_x *x)
{
    __m512i bytes = vnni_load_nibbles(blocks, sizeof(struct block_q5_1), 8);
    __m512i low = vnni_low_nibbles(bytes), high = vnni_high_nibbles(bytes);
    /* d, m and, in bytes 32 .. 47, qh. The last block's are read from the last 64 of the 96 bytes, which start at 32.
     */
    const __m128i take_d_m = _mm_setr_epi16(VNNI_WORD(0), VNNI_WORD(24), VNNI_WORD(48), VNNI_WORD(72 - 32),
                                            VNNI_WORD(2), VNNI_WORD(26), VNNI_WORD(50), VNNI_WORD(74 - 32));
    const __m128i take_qh = _mm_setr_epi16(VNNI_WORD(4), VNNI_WORD(6), VNNI_WORD(28), VNNI_WORD(30), VNNI_WORD(52),
                                           VNNI_WORD(54), VNNI_WORD(76 - 32), VNNI_WORD(78 - 32));
    const __m512i take = _mm512_inserti32x4(_mm512_castsi128_si512(take_d_m), take_qh, 2);
    __m512i heads = _mm512_permutexvar_epi8(take, _mm512_loadu_si512(blocks));
    heads = _mm512_mask_permutexvar_epi8(heads, 0xf0000000c0c0, take, _mm512_loadu_si512(blocks + 32));
    low = vnni_add_fifth_bits(low, heads, 0);
    high = vnni_add_fifth_bits(high, heads, 1);
    __m512i dot = _mm512_dpbusd_epi32(x->start[0], low, x->q[0]);
    dot = _mm512_dpbusd_epi32(dot, high, x->q[1]);
    __m512 scales = vnni_scales_and_minima(&sums, heads, x);
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scales, sums);
}

void matvec_q5_1__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_32(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q5_1), prepare, step);
}
