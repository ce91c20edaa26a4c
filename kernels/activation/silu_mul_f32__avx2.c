/* silu_mul_f32__avx2.c: gated activation, AVX2. */
#include "kernels/activation/silu_mul.h"

silu_mul_function silu_mul_f32__avx2;

void silu_mul_f32__avx2(float *y, const float *gate, const float *up, size_t count)
{
    silu_mul(y, gate, up, count);
}
