/* Sum of an array on 512-bit registers, four streams of cache lines. count floats; the rest below 64 is dropped. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_stream_function peak_read__avx512;

double peak_read__avx512(float *a, const float *b, const float *c, size_t count)
{
    (void)a, (void)c;
    __m512 sums[4] = { _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps() };
    for (size_t i = 0; i + 64 <= count; i += 64)
        for (size_t j = 0; j < 4; j++)
            sums[j] = _mm512_add_ps(sums[j], _mm512_loadu_ps(b + i + 16 * j));
    sums[0] = _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3]));
    return (double)_mm512_reduce_add_ps(sums[0]);
}
