/* scratch.h: how much scratch the vector rows need, for table.c, which is compiled without their instruction sets. */
#ifndef PRONY_KERNELS_MATMUL_SCRATCH_H
#define PRONY_KERNELS_MATMUL_SCRATCH_H

enum {
    MATMUL_SCRATCH_AMX = 256 * 1024 * 2, /* a panel of bf16 (amx.h) */
    MATMUL_SCRATCH_FMA = 48 * 1024,      /* a panel of f32 and rows on their way to it (fma.h) */
    MATMUL_SCRATCH_VNNI = 720 * 1024     /* two panels of bytes and a chunk of activations (vnni.h) */
};

#endif
