/* act_q8__avx512.c: f32 -> 8 bits with a scale per 32, two groups a step. */
#include "kernels/act/act.h"
#include "kernels/kernel.h"
#include <immintrin.h>

act_function act_q8__avx512;

static inline float group_scale(__m512 low, __m512 high)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i a = _mm512_and_si512(_mm512_castps_si512(low), magnitude);
    __m512i b = _mm512_and_si512(_mm512_castps_si512(high), magnitude);
    return act_scale(_mm512_reduce_max_epu32(_mm512_max_epu32(a, b)));
}

static inline __m128i round_to_bytes(__m512 x, __m512 inverse)
{
    return _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(x, inverse)));
}

/* x holds 64 floats. A bad group has inverse 0; NaN * 0 converts to 0x80000000, whose low byte is the 0 it shall be. */
static inline void quantize_64(int8_t *q, float *scales, int32_t *sums, const float *x)
{
    __m512 v[4];
    __m128i bytes[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm512_loadu_ps(x + 16 * i);
    for (int group = 0; group < 2; group++) {
        scales[group] = group_scale(v[2 * group], v[2 * group + 1]);
        __m512 inverse = _mm512_set1_ps(act_inverse(scales[group]));
        bytes[2 * group] = round_to_bytes(v[2 * group], inverse);
        bytes[2 * group + 1] = round_to_bytes(v[2 * group + 1], inverse);
    }
    __m512i all = _mm512_castsi128_si512(bytes[0]);
    all = _mm512_inserti32x4(all, bytes[1], 1);
    all = _mm512_inserti32x4(all, bytes[2], 2);
    all = _mm512_inserti32x4(all, bytes[3], 3);
    _mm512_store_si512(q, all);
    __m512i pairs = _mm512_maddubs_epi16(_mm512_set1_epi8(1), all);
    __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
    fours = _mm512_add_epi32(fours, _mm512_shuffle_epi32(fours, _MM_PERM_CDAB));
    fours = _mm512_add_epi32(fours, _mm512_shuffle_epi32(fours, _MM_PERM_BADC));
    _mm512_mask_compressstoreu_epi32(sums, 0x1111, fours);
}

void act_q8__avx512(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        int8_t *q = (int8_t *)dst + row * act_row_bytes(ACT_Q8, cols);
        float *scales = act_scales(q, padded);
        int32_t *sums = act_sums(q, padded);
        for (size_t i = 0; i < padded; i += 64) {
            float tail[64] = { 0 };
            const float *from = x + i;
            if (i + 64 > cols)
                from = memcpy(tail, from, (cols - i) * sizeof *x);
            quantize_64(q + i, scales + i / 32, sums + i / 16, from);
        }
    }
}
