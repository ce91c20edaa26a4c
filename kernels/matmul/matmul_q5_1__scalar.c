/* matmul_q5_1__scalar.c: Y = X W^T, q5_1 weights and 8-bit activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_q5_1__scalar;

static void unpack(struct scalar_group *group, const void *block)
{
    const struct block_q5_1 *w = block;
    unpack_nibbles_bit4(group->q, w->q, w->qh, 0);
    scalar_group_set(group, half_to_float(w->d), half_to_float(w->m));
}

void matmul_q5_1__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_q(arguments, FORMAT_Q5_1, unpack);
}
