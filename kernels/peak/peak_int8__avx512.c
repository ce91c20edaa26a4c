/* 8-bit products without VNNI: multiply to pairs in 16 bits, pairs to 32 bits, add: three instructions for 64 products.
 * 12 chains. The operands are hidden from the compiler at every use, so that nothing is computed once for all. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_int8__avx512;

double peak_int8__avx512(size_t steps)
{
    __m512i sums[12], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(-2), ones = _mm512_set1_epi16(1);
    for (int i = 0; i < 12; i++)
        sums[i] = _mm512_set1_epi32(i);
    for (size_t step = 0; step < steps; step++) {
        for (int i = 0; i < 12; i++) {
            __asm__ volatile("" : "+v"(x));
            __m512i pairs = _mm512_maddubs_epi16(x, y);
            sums[i] = _mm512_add_epi32(sums[i], _mm512_madd_epi16(pairs, ones));
        }
    }
    for (int i = 1; i < 12; i++)
        sums[0] = _mm512_add_epi32(sums[0], sums[i]);
    return (double)_mm512_reduce_add_epi32(sums[0]);
}
