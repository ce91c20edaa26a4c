/* rope.h: rotary embedding for any vector width (kernels/vector.h). Pairs beyond whole vectors go one by one. */
#ifndef PRONY_KERNELS_ROPE_ROPE_H
#define PRONY_KERNELS_ROPE_ROPE_H

#include "kernels/kernel.h"
#include "kernels/vector.h"

VECTOR_INLINE void rope_rotate(float *a, float *b, const float *cos_sin)
{
    float first = *a, second = *b;
    *a = first * cos_sin[0] - second * cos_sin[1];
    *b = first * cos_sin[1] + second * cos_sin[0];
}

/* Pairs (i, i + pairs): the cosines of a vector of pairs are taken apart once for all heads. */
VECTOR_INLINE void rope_split(float *x, size_t head_stride, size_t heads, size_t pairs, const float *cos_sin)
{
    size_t i = 0;
    for (; i + VECTOR_LANES <= pairs; i += VECTOR_LANES) {
        vector cosine, sine;
        vector_load_pairs(cos_sin + 2 * i, &cosine, &sine);
        for (size_t h = 0; h < heads; h++) {
            float *first = x + h * head_stride + i, *second = first + pairs;
            vector a = vector_load(first), b = vector_load(second);
            vector_store(first, vector_sub(vector_mul(a, cosine), vector_mul(b, sine)));
            vector_store(second, vector_fma(a, sine, vector_mul(b, cosine)));
        }
    }
    for (; i < pairs; i++) {
        for (size_t h = 0; h < heads; h++)
            rope_rotate(x + h * head_stride + i, x + h * head_stride + i + pairs, cos_sin + 2 * i);
    }
}

/* Pairs (2 i, 2 i + 1), as in cos_sin. */
VECTOR_INLINE void rope_interleaved(float *x, size_t head_stride, size_t heads, size_t pairs, const float *cos_sin)
{
    size_t i = 0;
    for (; i + VECTOR_LANES <= 2 * pairs; i += VECTOR_LANES) {
        vector both = vector_load(cos_sin + i);
        vector cosine = vector_pair_first(both), sine = vector_pair_second(both);
        for (size_t h = 0; h < heads; h++) {
            float *at = x + h * head_stride + i;
            vector v = vector_load(at);
            vector_store(at, vector_fma_alternate(v, cosine, vector_mul(vector_pair_swap(v), sine)));
        }
    }
    for (; i < 2 * pairs; i += 2) {
        for (size_t h = 0; h < heads; h++)
            rope_rotate(x + h * head_stride + i, x + h * head_stride + i + 1, cos_sin + i);
    }
}

VECTOR_INLINE void rope(float *x, size_t head_stride, size_t heads, size_t rotary_size, const float *cos_sin, bool neox)
{
    if (neox)
        rope_split(x, head_stride, heads, rotary_size / 2, cos_sin);
    else
        rope_interleaved(x, head_stride, heads, rotary_size / 2, cos_sin);
}

#endif
