/* 8-bit products without VNNI: multiply to pairs in 16 bits, pairs to 32 bits, add: three instructions for 32 products.
 * 8 chains. The operands are hidden from the compiler at every use, so that nothing is computed once for all. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_int8__avx2;

double peak_int8__avx2(size_t steps)
{
    __m256i sums[8], x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(-2), ones = _mm256_set1_epi16(1);
    for (int i = 0; i < 8; i++)
        sums[i] = _mm256_set1_epi32(i);
    for (size_t step = 0; step < steps; step++) {
        for (int i = 0; i < 8; i++) {
            __asm__ volatile("" : "+x"(x));
            __m256i pairs = _mm256_maddubs_epi16(x, y);
            sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, ones));
        }
    }
    for (int i = 1; i < 8; i++)
        sums[0] = _mm256_add_epi32(sums[0], sums[i]);
    int32_t lanes[8];
    double total = 0;
    _mm256_storeu_si256((__m256i *)(void *)lanes, sums[0]);
    for (int i = 0; i < 8; i++)
        total += lanes[i];
    return total;
}
