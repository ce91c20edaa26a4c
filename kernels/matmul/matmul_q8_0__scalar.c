/* matmul_q8_0__scalar.c: Y = X W^T, q8_0 weights and 8-bit activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_q8_0__scalar;

static void unpack(struct scalar_group *group, const void *block)
{
    const struct block_q8_0 *w = block;
    memcpy(group->q, w->q, 32);
    scalar_group_set(group, half_to_float(w->d), 0);
}

void matmul_q8_0__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_q(arguments, FORMAT_Q8_0, unpack);
}
