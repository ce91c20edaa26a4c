/* tables.h: the tables that each operation's table.c defines and select.c collects. */
#ifndef PRONY_KERNELS_TABLES_H
#define PRONY_KERNELS_TABLES_H

#include "kernels/kernel.h"

#define KERNEL_TABLE(op)                                 \
    extern const struct kernel_row kernel_##op##_rows[]; \
    extern const size_t kernel_##op##_row_count;

KERNEL_TABLE(act)
KERNEL_TABLE(matvec)
KERNEL_TABLE(matmul)
KERNEL_TABLE(dequantize)
KERNEL_TABLE(quantize)
KERNEL_TABLE(rmsnorm)
KERNEL_TABLE(rope)
KERNEL_TABLE(attention)
KERNEL_TABLE(silu_mul)
KERNEL_TABLE(add)
KERNEL_TABLE(softmax)

#undef KERNEL_TABLE

#endif
