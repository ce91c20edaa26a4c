/* FMA on 512-bit registers: 16 chains cover latency (4) times ports (2) on every core so far. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_f32__avx512;

double peak_f32__avx512(size_t steps)
{
    __m512 sums[16], x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(0.25f);
    for (int i = 0; i < 16; i++)
        sums[i] = _mm512_set1_ps((float)i);
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < 16; i++)
            sums[i] = _mm512_fmadd_ps(sums[i], x, y);
    for (int i = 1; i < 16; i++)
        sums[0] = _mm512_add_ps(sums[0], sums[i]);
    return (double)_mm512_reduce_add_ps(sums[0]);
}
