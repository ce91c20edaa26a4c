/* matmul_bf16__scalar.c: Y = X W^T, bf16 weights and f32 activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_bf16__scalar;

static float value(const void *row, size_t i)
{
    return bf16_to_float(((const uint16_t *)row)[i]);
}

void matmul_bf16__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_f(arguments, value);
}
