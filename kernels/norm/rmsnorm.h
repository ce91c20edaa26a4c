/* rmsnorm.h: root mean square norm for any vector width (kernels/vector.h). */
#ifndef PRONY_KERNELS_NORM_RMSNORM_H
#define PRONY_KERNELS_NORM_RMSNORM_H

#include "kernels/kernel.h"
#include "kernels/vector.h"
#include <math.h>

VECTOR_INLINE float rmsnorm_sum_of_squares(const float *x, size_t cols)
{
    vector sums[4] = { vector_zero(), vector_zero(), vector_zero(), vector_zero() };
    size_t i = 0;
    for (; i + 4 * VECTOR_LANES <= cols; i += 4 * VECTOR_LANES) {
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; j++) {
            vector v = vector_load(x + i + j * VECTOR_LANES);
            sums[j] = vector_fma(v, v, sums[j]);
        }
    }
    for (; i < cols; i += VECTOR_LANES) {
        vector v = vector_load_first(x + i, cols - i < VECTOR_LANES ? cols - i : VECTOR_LANES);
        sums[0] = vector_fma(v, v, sums[0]);
    }
    return vector_sum(vector_add(vector_add(sums[0], sums[1]), vector_add(sums[2], sums[3])));
}

VECTOR_INLINE void rmsnorm(float *y, size_t y_stride, const float *x, size_t x_stride, const float *weight,
                           float epsilon, size_t count, size_t cols)
{
    for (; count > 0; count--, x += x_stride, y += y_stride) {
        float mean = rmsnorm_sum_of_squares(x, cols) / (float)cols;
        vector factor = vector_set(1 / sqrtf(mean + epsilon));
        size_t i = 0;
        for (; i + VECTOR_LANES <= cols; i += VECTOR_LANES) {
            vector v = vector_mul(vector_load(x + i), factor);
            vector_store(y + i, weight ? vector_mul(v, vector_load(weight + i)) : v);
        }
        if (i < cols) {
            vector v = vector_mul(vector_load_first(x + i, cols - i), factor);
            vector_store_first(y + i, weight ? vector_mul(v, vector_load_first(weight + i, cols - i)) : v, cols - i);
        }
    }
}

#endif
