/* rmsnorm_f32__avx512.c: root mean square norm, AVX-512. */
#include "kernels/norm/rmsnorm.h"

rmsnorm_function rmsnorm_f32__avx512;

void rmsnorm_f32__avx512(float *y, size_t y_stride, const float *x, size_t x_stride, const float *weight, float epsilon,
                         size_t count, size_t cols)
{
    rmsnorm(y, y_stride, x, x_stride, weight, epsilon, count, cols);
}
