/* Sum of an array on 256-bit registers, four streams of cache lines. count floats; the rest below 32 is dropped. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_stream_function peak_read__avx2;

double peak_read__avx2(float *a, const float *b, const float *c, size_t count)
{
    (void)a, (void)c;
    __m256 sums[4] = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps() };
    for (size_t i = 0; i + 32 <= count; i += 32)
        for (size_t j = 0; j < 4; j++)
            sums[j] = _mm256_add_ps(sums[j], _mm256_loadu_ps(b + i + 8 * j));
    sums[0] = _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3]));
    float lanes[8];
    double total = 0;
    _mm256_storeu_ps(lanes, sums[0]);
    for (int i = 0; i < 8; i++)
        total += (double)lanes[i];
    return total;
}
