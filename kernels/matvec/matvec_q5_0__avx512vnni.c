/* matvec_q5_0__avx512vnni.c: y = W x, q5_0 weights: four blocks a step; the fifth bits become byte masks. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q5_0__avx512vnni;

VNNI_INLINE struct vnni_x prepare(const int8_t *q, const float *scale, const int32_t *sum, size_t blocks)
{
    return vnni_prepare_halves(q, scale, sum, blocks, 16);
}

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *blocks, const struct vnni_x *x)
{
    __m512i bytes = vnni_load_nibbles(blocks, sizeof(struct block_q5_0), 6);
    __m512i low = vnni_low_nibbles(bytes), high = vnni_high_nibbles(bytes);
    /* Each d four times, then the qh. The last block's are read from the last 64 of the 88 bytes, which start at 24. */
    const __m512i take =
        _mm512_castsi256_si512(_mm256_setr_epi16(VNNI_WORD4(0), VNNI_WORD4(22), VNNI_WORD4(44), VNNI_WORD4(66 - 24)));
    const __m512i take_qh =
        _mm512_inserti32x4(take,
                           _mm_setr_epi16(VNNI_WORD(2), VNNI_WORD(4), VNNI_WORD(24), VNNI_WORD(26), VNNI_WORD(46),
                                          VNNI_WORD(48), VNNI_WORD(68 - 24), VNNI_WORD(70 - 24)),
                           2);
    __m512i heads = _mm512_permutexvar_epi8(take_qh, _mm512_loadu_si512(blocks));
    heads = _mm512_mask_permutexvar_epi8(heads, 0xf000ff000000, take_qh, _mm512_loadu_si512(blocks + 24));
    low = vnni_add_fifth_bits(low, heads, 0);
    high = vnni_add_fifth_bits(high, heads, 1);
    __m512i dot = _mm512_dpbusd_epi32(x->start[0], low, x->q[0]);
    dot = _mm512_dpbusd_epi32(dot, high, x->q[1]);
    __m512 scales = _mm512_mul_ps(_mm512_cvtph_ps(_mm512_castsi512_si256(heads)), x->scale);
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scales, sums);
}

void matvec_q5_0__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_32(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q5_0), prepare, step);
}
