/* softmax_f32__scalar.c: shifted exponentials and their sum in plain C. */
#include "kernels/kernel.h"
#include <math.h>

softmax_function softmax_f32__scalar;

double softmax_f32__scalar(float *y, const float *x, float scale, size_t count)
{
    float maximum = -INFINITY;
    for (size_t i = 0; i < count; i++)
        maximum = fmaxf(maximum, scale * x[i]);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        y[i] = expf(scale * x[i] - maximum);
        sum += (double)y[i];
    }
    return sum;
}
