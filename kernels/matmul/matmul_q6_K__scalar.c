/* matmul_q6_K__scalar.c: Y = X W^T, q6_K weights and 8-bit activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_q6_K__scalar;

static void unpack(struct scalar_group *group, const void *block)
{
    const struct block_q6_K *w = block;
    double d = half_to_float(w->d);
    int8_t q[256];
    unpack_q6_K(q, w);
    for (int g = 0; g < 8; g++) {
        memcpy(group[g].q, q + 32 * g, 32);
        scalar_group_set(&group[g], 0, 0);
        group[g].scale[0] = d * w->scales[2 * g];
        group[g].scale[1] = d * w->scales[2 * g + 1];
    }
}

void matmul_q6_K__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_q(arguments, FORMAT_Q6_K, unpack);
}
