/* matmul_q4_K__scalar.c: Y = X W^T, q4_K weights and 8-bit activations, in plain C. */
#include "kernels/matmul/scalar.h"

matmul_function matmul_q4_K__scalar;

static void unpack(struct scalar_group *group, const void *block)
{
    const struct block_q4_K *w = block;
    double d = half_to_float(w->d), dmin = half_to_float(w->dmin);
    int8_t q[256];
    unpack_q4_K(q, w);
    for (int g = 0; g < 8; g++) {
        int sc, mn;
        k_scale_min(w->scales, g, &sc, &mn);
        memcpy(group[g].q, q + 32 * g, 32);
        scalar_group_set(&group[g], d * sc, -dmin * mn);
    }
}

void matmul_q4_K__scalar(const struct matmul_arguments *arguments)
{
    scalar_matmul_q(arguments, FORMAT_Q4_K, unpack);
}
