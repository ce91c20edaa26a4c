/* act_q8__avx2.c: f32 -> 8 bits with a scale per 32, one group a step. */
#include "kernels/act/act.h"
#include "kernels/kernel.h"
#include <immintrin.h>

act_function act_q8__avx2;

static inline float group_scale(const __m256 v[4])
{
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i max = _mm256_setzero_si256();
    for (int i = 0; i < 4; i++)
        max = _mm256_max_epu32(max, _mm256_and_si256(_mm256_castps_si256(v[i]), magnitude));
    __m128i four = _mm_max_epu32(_mm256_castsi256_si128(max), _mm256_extracti128_si256(max, 1));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(2, 3, 0, 1)));
    return act_scale((uint32_t)_mm_cvtsi128_si32(four));
}

/* x holds 32 floats. The mask clears a bad group, whose inverse is 0: NaN * 0 would not round to 0. */
static inline void quantize_32(int8_t *q, float *scale, int32_t *sums, const float *x)
{
    __m256 v[4];
    __m256i rounded[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm256_loadu_ps(x + 8 * i);
    *scale = group_scale(v);
    __m256 inverse = _mm256_set1_ps(act_inverse(*scale));
    __m256 good = _mm256_cmp_ps(inverse, _mm256_setzero_ps(), _CMP_NEQ_OQ);
    for (int i = 0; i < 4; i++)
        rounded[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_and_ps(v[i], good), inverse));
    __m256i low = _mm256_packs_epi32(rounded[0], rounded[1]), high = _mm256_packs_epi32(rounded[2], rounded[3]);
    __m256i bytes = _mm256_packs_epi16(low, high); /* in runs of four: 0 2 4 6 | 1 3 5 7 */
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_store_si256((void *)q, bytes);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    fours = _mm256_hadd_epi32(fours, fours);
    fours = _mm256_hadd_epi32(fours, fours);
    sums[0] = _mm256_extract_epi32(fours, 0);
    sums[1] = _mm256_extract_epi32(fours, 4);
}

void act_q8__avx2(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        int8_t *q = (int8_t *)dst + row * act_row_bytes(ACT_Q8, cols);
        float *scales = act_scales(q, padded);
        int32_t *sums = act_sums(q, padded);
        for (size_t i = 0; i < padded; i += 32) {
            float tail[32] = { 0 };
            const float *from = x + i;
            if (i + 32 > cols)
                from = memcpy(tail, x + (i < cols ? i : 0), (i < cols ? cols - i : 0) * sizeof *x);
            quantize_32(q + i, scales + i / 32, sums + i / 16, from);
        }
    }
}
