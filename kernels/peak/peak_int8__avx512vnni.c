/* VPDPBUSD on 512-bit registers: 64 products an instruction. 16 chains cover latency (5) times ports (2). */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_int8__avx512vnni;

double peak_int8__avx512vnni(size_t steps)
{
    __m512i sums[16], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(-2);
    for (int i = 0; i < 16; i++)
        sums[i] = _mm512_set1_epi32(i);
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < 16; i++)
            sums[i] = _mm512_dpbusd_epi32(sums[i], x, y);
    for (int i = 1; i < 16; i++)
        sums[0] = _mm512_add_epi32(sums[0], sums[i]);
    return (double)_mm512_reduce_add_epi32(sums[0]);
}
