/* matvec_q5_K__avx512vnni.c: y = W x, q5_K weights: as q4_K; the fifth bits are rotated into place. */
#include "kernels/matvec/avx512vnni.h"

matvec_function matvec_q5_K__avx512vnni;

/* q | bit 2 lane + odd of each byte of qh, moved to bit 4; lane is the 128-bit lane, that is the pair of groups. */
VNNI_INLINE __m512i add_fifth_bits(__m512i q, __m512i qh, int odd)
{
    const __m512i bytes = _mm512_set1_epi64(0x3830282018100800), pair = _mm512_setr_epi64(0, 0, 2, 2, 4, 4, 6, 6);
    __m512i move = _mm512_add_epi8(_mm512_mullo_epi64(pair, _mm512_set1_epi64(0x0101010101010101)),
                                   _mm512_set1_epi8((char)(odd - 4)));
    __m512i moved = _mm512_multishift_epi64_epi8(_mm512_add_epi8(bytes, move), qh);
    return _mm512_ternarylogic_epi32(q, moved, _mm512_set1_epi8(16), 0xf8); /* q | (moved & 16) */
}

VNNI_INLINE __m512 step(__m512 sums, const uint8_t *bytes, const struct vnni_x256 *x)
{
    const struct block_q5_K *block = (const void *)bytes;
    __m512i low = _mm512_loadu_si512(block->q), high = _mm512_loadu_si512(block->q + 64);
    /* One group a 128-bit lane: all first halves, all last halves. */
    __m512i first = _mm512_shuffle_i64x2(low, high, 0x88), last = _mm512_shuffle_i64x2(low, high, 0xdd);
    __m512i qh_first = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)block->qh));
    __m512i qh_last = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(block->qh + 16)));
    __m512i even = _mm512_setzero_si512(), odd = even;
    even = _mm512_dpbusd_epi32(even, add_fifth_bits(vnni_low_nibbles(first), qh_first, 0), x->q[0]);
    even = _mm512_dpbusd_epi32(even, add_fifth_bits(vnni_low_nibbles(last), qh_last, 0), x->q[1]);
    odd = _mm512_dpbusd_epi32(odd, add_fifth_bits(vnni_high_nibbles(first), qh_first, 1), x->q[2]);
    odd = _mm512_dpbusd_epi32(odd, add_fifth_bits(vnni_high_nibbles(last), qh_last, 1), x->q[3]);
    return vnni_k_add(sums, even, odd, vnni_k_scales(bytes, x->scale));
}

void matvec_q5_K__avx512vnni(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    vnni_matvec_256(y, w, w_row_bytes, act, rows, cols, sizeof(struct block_q5_K), vnni_prepare_k, step);
}
