/* silu_mul.h: the gated activation of SwiGLU for any vector width (kernels/vector.h). */
#ifndef PRONY_KERNELS_ACTIVATION_SILU_MUL_H
#define PRONY_KERNELS_ACTIVATION_SILU_MUL_H

#include "kernels/kernel.h"
#include "kernels/vector.h"

VECTOR_INLINE vector silu_mul_vector(vector gate, vector up)
{
    vector denominator = vector_add(vector_set(1), vector_exp(vector_sub(vector_zero(), gate)));
    return vector_mul(vector_div(gate, denominator), up);
}

VECTOR_INLINE void silu_mul(float *y, const float *gate, const float *up, size_t count)
{
    size_t i = 0;
    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES)
        vector_store(y + i, silu_mul_vector(vector_load(gate + i), vector_load(up + i)));
    if (i < count) {
        size_t n = count - i;
        vector_store_first(y + i, silu_mul_vector(vector_load_first(gate + i, n), vector_load_first(up + i, n)), n);
    }
}

#endif
