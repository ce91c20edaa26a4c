/* matmul_f32__scalar.c: Y = X W^T, f32 weights and f32 activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_f32__scalar;

static float value(const void *row, size_t i)
{
    return ((const float *)row)[i];
}

void matmul_f32__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_f(arguments, value);
}
