/* add_f32__scalar.c: y += x in plain C (biases, residuals). */
#include "kernels/kernel.h"

add_function add_f32__scalar;

void add_f32__scalar(float *y, const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}
