/* add.h: y += x for any vector width (kernels/vector.h). */
#ifndef PRONY_KERNELS_ACTIVATION_ADD_H
#define PRONY_KERNELS_ACTIVATION_ADD_H

#include "kernels/kernel.h"
#include "kernels/vector.h"

VECTOR_INLINE void add(float *y, const float *x, size_t count)
{
    size_t i = 0;
    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES)
        vector_store(y + i, vector_add(vector_load(y + i), vector_load(x + i)));
    if (i < count)
        vector_store_first(y + i, vector_add(vector_load_first(y + i, count - i), vector_load_first(x + i, count - i)),
                           count - i);
}

#endif
