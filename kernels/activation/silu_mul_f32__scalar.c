/* silu_mul_f32__scalar.c: the gated activation of SwiGLU in plain C. */
#include "kernels/kernel.h"
#include <math.h>

silu_mul_function silu_mul_f32__scalar;

void silu_mul_f32__scalar(float *y, const float *gate, const float *up, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}
