/* VDPBF16PS on 512-bit registers: 32 products an instruction. */
#include "kernels/peak/peak.h"
#include <immintrin.h>

peak_compute_function peak_bf16__avx512bf16;

double peak_bf16__avx512bf16(size_t steps)
{
    __m512 sums[16];
    __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.25f));
    for (int i = 0; i < 16; i++)
        sums[i] = _mm512_set1_ps((float)i);
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < 16; i++)
            sums[i] = _mm512_dpbf16_ps(sums[i], x, x);
    for (int i = 1; i < 16; i++)
        sums[0] = _mm512_add_ps(sums[0], sums[i]);
    return (double)_mm512_reduce_add_ps(sums[0]);
}
