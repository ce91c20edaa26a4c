/* scalar.h: what the plain C matvec rows share.
 *
 * Integer products are exact; every float sum is kept in f64, so that these rows are a reference whose own error does
 * not show next to the f32 sums of the vector rows. */
#ifndef PRONY_KERNELS_MATVEC_SCALAR_H
#define PRONY_KERNELS_MATVEC_SCALAR_H

#include "kernels/kernel.h"

static inline int scalar_dot_i8(const int8_t *a, const int8_t *b, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

#endif
