/* softmax.h: shifted exponentials and their sum for any vector width (kernels/vector.h).
 *
 * The sum of 150,000 tiny numbers needs more than f32: every few vectors it moves on to f64. */
#ifndef PRONY_KERNELS_SOFTMAX_SOFTMAX_H
#define PRONY_KERNELS_SOFTMAX_SOFTMAX_H

#include "kernels/kernel.h"
#include "kernels/vector.h"
#include <math.h>

VECTOR_INLINE float softmax_maximum(const float *x, float scale, size_t count)
{
    vector factor = vector_set(scale), nothing = vector_set(-INFINITY), largest[2] = { nothing, nothing };
    size_t i = 0;
    for (; i + 2 * VECTOR_LANES <= count; i += 2 * VECTOR_LANES) {
        largest[0] = vector_max(vector_mul(vector_load(x + i), factor), largest[0]);
        largest[1] = vector_max(vector_mul(vector_load(x + i + VECTOR_LANES), factor), largest[1]);
    }
    for (; i < count; i += VECTOR_LANES) {
        size_t n = count - i < VECTOR_LANES ? count - i : VECTOR_LANES;
        vector v = vector_mul(vector_load_first(x + i, n), factor);
        largest[0] = vector_max(vector_first(v, n, nothing), largest[0]);
    }
    return vector_maximum(vector_max(largest[0], largest[1]));
}

VECTOR_INLINE double softmax(float *y, const float *x, float scale, size_t count)
{
    enum { RUN = 16 * VECTOR_LANES };
    vector factor = vector_set(scale), maximum = vector_set(softmax_maximum(x, scale, count));
    double sum = 0;
    for (size_t first = 0; first < count; first += RUN) {
        size_t i = first, end = count - first < RUN ? count : first + RUN;
        vector sums = vector_zero();
        for (; i + VECTOR_LANES <= end; i += VECTOR_LANES) {
            vector e = vector_exp(vector_sub(vector_mul(vector_load(x + i), factor), maximum));
            vector_store(y + i, e);
            sums = vector_add(sums, e);
        }
        if (i < end) {
            size_t n = end - i;
            vector e = vector_exp(vector_sub(vector_mul(vector_load_first(x + i, n), factor), maximum));
            vector_store_first(y + i, e, n);
            sums = vector_add(sums, vector_first(e, n, vector_zero()));
        }
        sum += (double)vector_sum(sums);
    }
    return sum;
}

#endif
