/* VPDPBUSD on 256-bit registers: 32 products an instruction. 12 chains cover latency (5) times ports (2). */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_int8__avxvnni;

double peak_int8__avxvnni(size_t steps)
{
    __m256i sums[12], x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(-2);
    for (int i = 0; i < 12; i++)
        sums[i] = _mm256_set1_epi32(i);
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < 12; i++)
            sums[i] = _mm256_dpbusd_avx_epi32(sums[i], x, y);
    for (int i = 1; i < 12; i++)
        sums[0] = _mm256_add_epi32(sums[0], sums[i]);
    int32_t lanes[8];
    double total = 0;
    _mm256_storeu_si256((__m256i *)(void *)lanes, sums[0]);
    for (int i = 0; i < 8; i++)
        total += lanes[i];
    return total;
}
