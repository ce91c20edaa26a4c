/* matmul_f16__scalar.c: Y = X W^T, f16 weights and f32 activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_f16__scalar;

static float value(const void *row, size_t i)
{
    return half_to_float(((const uint16_t *)row)[i]);
}

void matmul_f16__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_f(arguments, value);
}
