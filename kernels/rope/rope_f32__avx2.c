/* rope_f32__avx2.c: rotary embedding, AVX2. */
#include "kernels/rope/rope.h"

rope_function rope_f32__avx2;

void rope_f32__avx2(float *x, size_t head_stride, size_t heads, size_t rotary_size, const float *cos_sin, bool neox)
{
    rope(x, head_stride, heads, rotary_size, cos_sin, neox);
}
