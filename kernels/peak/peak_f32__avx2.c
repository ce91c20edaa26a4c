/* FMA on 256-bit registers: 12 chains cover latency (4 or 5) times ports (2) and leave room for the operands. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_f32__avx2;

double peak_f32__avx2(size_t steps)
{
    __m256 sums[12], x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(0.25f);
    for (int i = 0; i < 12; i++)
        sums[i] = _mm256_set1_ps((float)i);
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < 12; i++)
            sums[i] = _mm256_fmadd_ps(sums[i], x, y);
    for (int i = 1; i < 12; i++)
        sums[0] = _mm256_add_ps(sums[0], sums[i]);
    float lanes[8];
    double total = 0;
    _mm256_storeu_ps(lanes, sums[0]);
    for (int i = 0; i < 8; i++)
        total += (double)lanes[i];
    return total;
}
