/* silu_mul_f32__avx512.c: gated activation, AVX-512. */
#include "kernels/activation/silu_mul.h"

silu_mul_function silu_mul_f32__avx512;

void silu_mul_f32__avx512(float *y, const float *gate, const float *up, size_t count)
{
    silu_mul(y, gate, up, count);
}
