/* matmul_q5_0__scalar.c: Y = X W^T, q5_0 weights and 8-bit activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_q5_0__scalar;

static void unpack(struct scalar_group *group, const void *block)
{
    const struct block_q5_0 *w = block;
    unpack_nibbles_bit4(group->q, w->q, w->qh, 16);
    scalar_group_set(group, half_to_float(w->d), 0);
}

void matmul_q5_0__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_q(arguments, FORMAT_Q5_0, unpack);
}
