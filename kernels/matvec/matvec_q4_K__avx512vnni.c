/* matvec_q4_K__avx512vnni.c: y = W x, q4_K weights: one block a step, groups side by side in 128-bit lanes. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q4_K__avx512vnni;

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *bytes, const struct vnni_x256 *x)
{
    const struct block_q4_K *block = (const void *)bytes;
    __m512i low = _mm512_loadu_si512(block->q), high = _mm512_loadu_si512(block->q + 64);
    /* One group a 128-bit lane: all first halves, all last halves. */
    __m512i first = _mm512_shuffle_i64x2(low, high, 0x88), last = _mm512_shuffle_i64x2(low, high, 0xdd);
    __m512i even = _mm512_dpbusd_epi32(_mm512_setzero_si512(), vnni_low_nibbles(first), x->q[0]);
    even = _mm512_dpbusd_epi32(even, vnni_low_nibbles(last), x->q[1]);
    __m512i odd = _mm512_dpbusd_epi32(_mm512_setzero_si512(), vnni_high_nibbles(first), x->q[2]);
    odd = _mm512_dpbusd_epi32(odd, vnni_high_nibbles(last), x->q[3]);
    return vnni_k_add(sums, even, odd, vnni_k_scales(bytes, x->scale));
}

void matvec_q4_K__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_256(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q4_K), vnni_prepare_k, step);
}
