/* act_bf16__avx512.c: f32 -> bf16. VCVTNEPS2BF16 would flush subnormals; integer rounding keeps them and costs nothing
 * where memory is the limit. */
#include "kernels/kernel.h"
#include <immintrin.h>

act_function act_bf16__avx512;

static inline __m256i round_to_bf16(__m512 x)
{
    __m512i bits = _mm512_castps_si512(x), high = _mm512_srli_epi32(bits, 16);
    __m512i half = _mm512_add_epi32(_mm512_and_si512(high, _mm512_set1_epi32(1)), _mm512_set1_epi32(0x7fff));
    __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, half), 16);
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_mask_or_epi32(rounded, nan, high, _mm512_set1_epi32(0x40)));
}

void act_bf16__avx512(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    uint16_t *out = dst;
    for (size_t row = 0; row < rows; row++, x += x_stride, out += padded) {
        size_t i = 0;
        for (; i + 16 <= cols; i += 16)
            _mm256_store_si256((void *)(out + i), round_to_bf16(_mm512_loadu_ps(x + i)));
        for (; i < padded; i += 16) {
            __mmask16 mask = (__mmask16)(i < cols ? (1u << (cols - i)) - 1 : 0u);
            _mm256_store_si256((void *)(out + i), round_to_bf16(_mm512_maskz_loadu_ps(mask, x + i)));
        }
    }
}
