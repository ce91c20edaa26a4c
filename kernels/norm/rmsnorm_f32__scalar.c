/* rmsnorm_f32__scalar.c: root mean square norm in plain C; the mean is kept in f64. */
#include "kernels/kernel.h"
#include <math.h>

rmsnorm_function rmsnorm_f32__scalar;

void rmsnorm_f32__scalar(float *y, size_t y_stride, const float *x, size_t x_stride, const float *weight, float epsilon,
                         size_t count, size_t cols)
{
    for (; count > 0; count--, x += x_stride, y += y_stride) {
        double squares = 0;
        for (size_t i = 0; i < cols; i++)
            squares += (double)x[i] * x[i];
        float factor = (float)(1 / sqrt(squares / (double)cols + (double)epsilon));
        for (size_t i = 0; i < cols; i++)
            y[i] = x[i] * factor * (weight ? weight[i] : 1);
    }
}
