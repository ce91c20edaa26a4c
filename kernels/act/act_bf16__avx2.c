/* act_bf16__avx2.c: f32 -> bf16, rounded in integers. */
#include "kernels/kernel.h"
#include <immintrin.h>
#include <string.h>

act_function act_bf16__avx2;

static inline __m256i round_to_bf16(__m256 x)
{
    __m256i bits = _mm256_castps_si256(x), high = _mm256_srli_epi32(bits, 16);
    __m256i half = _mm256_add_epi32(_mm256_and_si256(high, _mm256_set1_epi32(1)), _mm256_set1_epi32(0x7fff));
    __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
    __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
    __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
    return _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(nan));
}

static inline void convert_16(uint16_t *out, const float *x)
{
    __m256i low = round_to_bf16(_mm256_loadu_ps(x)), high = round_to_bf16(_mm256_loadu_ps(x + 8));
    __m256i packed = _mm256_packus_epi32(low, high); /* 64-bit runs 0 2 1 3 */
    _mm256_store_si256((void *)out, _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0)));
}

void act_bf16__avx2(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    uint16_t *out = dst;
    for (size_t row = 0; row < rows; row++, x += x_stride, out += padded) {
        size_t i = 0;
        for (; i + 16 <= cols; i += 16)
            convert_16(out + i, x + i);
        for (; i < padded; i += 16) {
            float tail[16] = { 0 };
            if (i < cols)
                memcpy(tail, x + i, (cols - i) * sizeof *x);
            convert_16(out + i, tail);
        }
    }
}
